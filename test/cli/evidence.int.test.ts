import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createShop, type ShopStack } from './rig/stack.js';

let shop: ShopStack;
let records: string;
let restore: string;
beforeAll(async () => {
  shop = await createShop();
  records = join(shop.storage, 'records');
  await shop.up.start();
  await shop.json('backup', 'run', 'db');
  ({ run: restore } = await shop.json('restore', 'latest', '--store', 'db', '--no-wait'));
  const digest = await shop.untilAsked(restore);
  const approved = await shop.as('ben', 'approve', restore, '--digest', digest, '--reason', 'tested');
  expect(approved.stderr).toBe('');
  await shop.steady('show', restore, '--watch');
  await vi.waitFor(() => expect(readdirSync(records)).toHaveLength(2), 20_000);
}, 180_000);
afterAll(() => shop.close());

const paths = (): string[] => readdirSync(records).map((name) => join(records, name));
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Changes the records for one look, and puts them back. */
async function withRecords<T>(change: () => void, look: () => Promise<T>): Promise<T> {
  const kept = join(shop.folder, 'kept-records');
  cpSync(records, kept, { recursive: true });
  try {
    change();
    return await look();
  } finally {
    rmSync(records, { recursive: true });
    renameSync(kept, records);
  }
}

describe('steady evidence verify', () => {
  it('says number and hash of the head, and that the signatures hold', async () => {
    const { code, json } = await shop.steady('--json', 'evidence', 'verify');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      stack: 'shop',
      location: shop.storage,
      holds: true,
      records: 2,
      head: { number: 2, sha256: sha256(paths()[1] ?? '') },
      approvals: { signatures: 1, notes: [] },
      temporal: { asked: true, unrecorded: [], pending: 0 },
    });
    const { stdout } = await shop.steady('evidence', 'verify', '--head', `2:${json.head.sha256}`);
    expect(stdout).toContain(`The chain holds: 2 records in ${shop.storage}\n`);
    expect(stdout).toContain(`  head   2:${json.head.sha256}\n  1 signature of approvals checked again\n`);
  });

  it('names the record and why when one was changed', async () => {
    const change = (): void => {
      const [first = ''] = paths();
      writeFileSync(first, readFileSync(first, 'utf8').replace('"by": "ana"', '"by": "eve"'));
    };
    const { code, json } = await withRecords(change, () => shop.steady('--json', 'evidence', 'verify'));
    expect([code, json.error.code]).toEqual([1, 'evidence.broken']);
    expect(json.error.message).toMatch(/record=2 .*the record before it was changed/);
  });

  it('names the record that is missing, at the beginning and at the end', async () => {
    const first = await withRecords(
      () => rmSync(paths()[0] ?? ''),
      () => shop.steady('--json', 'evidence', 'verify'),
    );
    expect([first.code, first.json.error.message]).toEqual([
      1,
      expect.stringMatching(/record=1 .*why="record 1 is missing"/),
    ]);
    const last = await withRecords(
      () => rmSync(paths()[1] ?? ''),
      () => shop.steady('--json', 'evidence', 'verify'),
    );
    expect([last.code, last.json.error.message]).toEqual([
      1,
      expect.stringContaining('the head the ledger wrote is 2, and the records end with 1'),
    ]);
  });

  it('finds a decision that was turned around in a last record that looks whole', async () => {
    const change = (): void => {
      const [, last = ''] = paths();
      writeFileSync(last, readFileSync(last, 'utf8').replace('"reason": "tested"', '"reason": "forged"'));
    };
    const { code, json } = await withRecords(change, () =>
      shop.steady('--json', '--address', '127.0.0.1:1', 'evidence', 'verify'),
    );
    expect([code, json.error.code]).toEqual([1, 'evidence.broken']);
    expect(json.error.message).toContain('why="the signature is not of ben"');
  });

  it('finds a chain that was written anew since a backup saw its head', async () => {
    const [set = ''] = readdirSync(join(shop.storage, 'sets'));
    const path = join(shop.storage, 'sets', set);
    const seen = readFileSync(path, 'utf8');
    expect(JSON.parse(seen)).not.toHaveProperty('ledgerHead');
    const head = { number: 1, sha256: sha256(paths()[0] ?? '') };
    const offline = ['--json', '--address', '127.0.0.1:1', 'evidence', 'verify'] as const;
    try {
      writeFileSync(path, JSON.stringify({ ...JSON.parse(seen), ledgerHead: head }));
      expect((await shop.steady(...offline)).code).toBe(0);
      const forged = { ...head, sha256: '0'.repeat(64) };
      writeFileSync(path, JSON.stringify({ ...JSON.parse(seen), ledgerHead: forged }));
      const { code, json } = await shop.steady(...offline);
      expect([code, json.error.code]).toEqual([1, 'evidence.broken']);
      expect(json.error.message).toMatch(/record=1 .*it is not the one of the head in set/);
    } finally {
      writeFileSync(path, seen);
    }
  });

  it('notes sets that cannot be read, and judges the chain by the others', async () => {
    const folder = join(shop.storage, 'sets');
    const [set = ''] = readdirSync(folder);
    const path = join(folder, set);
    const seen = readFileSync(path, 'utf8');
    const [damaged, future] = [join(folder, '00-damaged.json'), join(folder, '01-future.json')];
    const offline = ['--address', '127.0.0.1:1', 'evidence', 'verify'] as const;
    try {
      writeFileSync(damaged, '{ "version": 1, "id"');
      writeFileSync(future, JSON.stringify({ ...JSON.parse(seen), version: 2 }));
      const { code, json } = await shop.steady('--json', ...offline);
      expect([code, json.holds, json.sets.read, [...json.sets.unread].sort()]).toEqual([
        0,
        true,
        1,
        [
          'a stored document cannot be read [key=sets/00-damaged.json]',
          'written by a newer steadyhand [key=sets/01-future.json version=2]',
        ],
      ]);
      expect((await shop.steady(...offline)).stdout).toContain(
        'note: a set was not compared with the chain: written by a newer steadyhand [key=sets/01-future.json',
      );
      writeFileSync(
        path,
        JSON.stringify({ ...JSON.parse(seen), ledgerHead: { number: 1, sha256: '0'.repeat(64) } }),
      );
      const forged = await shop.steady('--json', ...offline);
      expect([forged.code, forged.json.error.code]).toEqual([1, 'evidence.broken']);
      expect(forged.json.error.message).toMatch(/record=1 .*it is not the one of the head in set/);
    } finally {
      writeFileSync(path, seen);
      for (const made of [damaged, future]) rmSync(made, { force: true });
    }
  });

  it('compares with a head noted elsewhere', async () => {
    const { code, json } = await shop.steady('--json', 'evidence', 'verify', '--head', `2:${'0'.repeat(64)}`);
    expect(code).toBe(1);
    expect(json.error.message).toContain('it is not the one of the head noted');
  });

  it('names a run that closed without a record', async () => {
    const { run } = await shop.json('restore', 'latest', '--store', 'db', '--no-wait');
    await shop.untilAsked(run);
    const { connect } = await import('../../src/client/connect.js');
    const steady = await connect({ address: `127.0.0.1:${shop.up.port}`, config: shop.file.path });
    await steady.client.workflow.getHandle(run as string).terminate('as an operator may');
    await steady.close();
    await expect
      .poll(async () => (await shop.json('evidence', 'verify')).temporal.unrecorded, { timeout: 20_000 })
      .toMatchObject([{ run, status: 'terminated' }]);
    const { code, stdout } = await shop.steady('evidence', 'verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`note: ${run} closed \\S+ \\(terminated\\) without a record`));
  });

  it('needs neither Temporal nor a worker', async () => {
    await shop.up.stop();
    const { code, json } = await shop.steady('--json', 'evidence', 'verify');
    expect(code).toBe(0);
    expect(json).toMatchObject({ records: 2, approvals: { signatures: 1 }, temporal: { asked: false } });
  });
});

describe('the script of docs/verify-evidence.md', () => {
  const page = readFileSync(new URL('../../docs/verify-evidence.md', import.meta.url), 'utf8');
  const script = /```sh\n([^]*?)```/.exec(page)?.[1] ?? '';
  const walk = () => spawnSync('sh', ['-s', '--', records], { input: script, encoding: 'utf8' });

  it('walks the same chain to the same head', () => {
    const { status, stdout } = walk();
    expect([status, stdout]).toEqual([0, `the chain holds: 2 records, head 2:${sha256(paths()[1] ?? '')}\n`]);
  });

  it('finds a changed record and a missing one', async () => {
    const changed = await withRecords(
      () => writeFileSync(paths()[0] ?? '', `${readFileSync(paths()[0] ?? '', 'utf8')} `),
      async () => walk(),
    );
    expect([changed.status, changed.stdout]).toEqual([
      1,
      expect.stringContaining('0000000002.json: it does not follow from the record before it'),
    ]);
    const missing = await withRecords(
      () => rmSync(paths()[0] ?? ''),
      async () => walk(),
    );
    expect([missing.status, missing.stdout]).toEqual([1, expect.stringContaining('record 1 is missing')]);
  });
});
