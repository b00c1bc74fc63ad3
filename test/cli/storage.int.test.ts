import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShop, type ShopStack } from './rig/stack.js';

let shop: ShopStack;
let sealed: { store: string; id: string }[];
beforeAll(async () => {
  shop = await createShop({ encrypted: true });
  await shop.up.start();
  await shop.json('backup', 'run');
  sealed = (await shop.json('backup', 'list')).backups;
}, 180_000);
afterAll(() => shop.close());

describe('steady key', () => {
  it('makes a pair in a file that only its owner reads, and prints the recipient', async () => {
    const { code, json } = await shop.steady('--json', 'key', 'create', 'keys/new.key');
    expect(code).toBe(0);
    expect(json.recipient).toMatch(/^age1[a-z0-9]{58}$/);
    expect(statSync(json.file as string).mode & 0o777).toBe(0o600);
    expect(readFileSync(json.file as string, 'utf8')).toMatch(
      /^# created: .*\n# public key: age1.*\nAGE-SECRET-KEY-1/,
    );
  });

  it('proves that the identity of the worker opens the newest backup of each store', async () => {
    const { code, stdout } = await shop.steady('key', 'test');
    expect(code).toBe(0);
    const id = (store: string): string => sealed.find((one) => one.store === store)?.id ?? '';
    expect(stdout).toBe(
      `✓  db     the identity opens the newest backup  ${id('db')}\n` +
        `✓  cache  the identity opens the newest backup  ${id('cache')}\n`,
    );
  });

  it('tries an identity file of this machine, without a worker', async () => {
    const { code, json } = await shop.steady(
      ...['--json', '--address', '127.0.0.1:1', 'key', 'test'],
      ...['--identity-file', 'offline.key', '--store', 'db'],
    );
    expect([code, json]).toEqual([
      0,
      { stores: [{ store: 'db', id: sealed.find((one) => one.store === 'db')?.id, result: 'opens' }] },
    ]);
  });

  it('says which backups another identity does not open', async () => {
    const { code, json, stdout } = await shop.steady(
      '--json',
      'key',
      'test',
      '--identity-file',
      'keys/new.key',
    );
    expect([code, json.error.code]).toEqual([1, 'key.wrong']);
    expect(json.error.message).toBe('the age identity does not open this backup [stores=db,cache]');
    expect(stdout).not.toContain('AGE-SECRET-KEY');
  });

  it('warns in check when every identity lies on this host, and when it is of none of the recipients', async () => {
    const lines = async (): Promise<string[]> => {
      const { json } = await shop.steady('--json', 'check');
      return (json.lines as { what: string; status: string; message: string }[])
        .filter((one) => one.what === 'encryption')
        .map((one) => `${one.status}: ${one.message}`);
    };
    expect(await lines()).toEqual([
      expect.stringMatching(/^ok: the identity here opens new backups; one more recipient is named/),
    ]);
    const own = readFileSync(join(shop.folder, 'proof.key'), 'utf8');
    const offline = readFileSync(join(shop.folder, 'offline.key'), 'utf8');
    try {
      writeFileSync(join(shop.folder, 'proof.key'), `${own}${offline}`);
      expect(await lines()).toEqual([
        'warning: every identity that opens the backups lies on this host, and is lost with it',
      ]);
      cpSync(join(shop.folder, 'keys', 'new.key'), join(shop.folder, 'proof.key'));
      expect(await lines()).toEqual([
        'error: the identity here is of none of the recipients: it opens no backup made from now on',
      ]);
      expect((await shop.steady('key', 'test')).code).toBe(1);
    } finally {
      writeFileSync(join(shop.folder, 'proof.key'), own);
    }
  });
});

describe('steady backup sweep', () => {
  const old = '20260101T020000Z-k7q2m9xd';
  const young = (): string => `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}-k7q2m9xd`;
  const data = (id: string): string => join(shop.storage, 'data', 'db', id);

  function leave(path: string, days: number): void {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'left over');
    const then = Date.now() / 1000 - days * 86_400;
    utimesSync(path, then, then);
  }

  it('says that there is none', async () => {
    const { code, stdout } = await shop.steady('backup', 'sweep', '--dry-run');
    expect([code, stdout]).toEqual([0, 'Everything in storage belongs to a backup.\n']);
  });

  it('lists what it would delete and why, and what it leaves, in a dry run', async () => {
    leave(join(data(old), 'data.zst.000'), 30);
    leave(join(data(young()), 'data.zst.000'), 0);
    leave(join(shop.storage, 'proofs', 'db', old, '20260101T030000Z-readable-passed.json'), 30);
    leave(join(shop.storage, 'marks', 'db', old, '20260101T030000Z-suspect.json'), 30);
    const upload = `${Date.now() - 2 * 86_400_000}`.padStart(13, '0');
    leave(join(shop.storage, '.incoming', `${upload}-0123456789abcdef`, 'data', 'db', old, 'x'), 2);
    const before = readdirSync(shop.storage, { recursive: true }).sort();

    const { json } = await shop.steady('--json', 'backup', 'sweep', '--dry-run');
    expect(json.dryRun).toBe(true);
    const said = (json.lines as { litter: boolean; what: string; key: string; why: string }[]).map(
      (one) => `${one.litter} ${one.what} ${one.why.replace(/^(no manifest, )?\S+ old/, '$1N old')}`,
    );
    expect(said.sort()).toEqual([
      'false data no manifest, N old, younger than 7d',
      'true data no manifest, N old, and no open run made it',
      'true marks no manifest, N old, and no open run made it',
      'true proofs no manifest, N old, and no open run made it',
      'true upload N old, and no open run made it',
    ]);
    expect(readdirSync(shop.storage, { recursive: true }).sort()).toEqual(before);
    const { stdout } = await shop.steady('backup', 'sweep', '--dry-run');
    expect(stdout).toContain('4 left-overs would be deleted, 27 B\n');
  });

  it('deletes those, leaves every backup and what is young, and leaves a record', async () => {
    const { code, stdout } = await shop.steady('backup', 'sweep');
    expect(code).toBe(0);
    expect(stdout).toContain('4 left-overs deleted, 27 B\n');
    expect(existsSync(data(old))).toBe(false);
    expect(existsSync(join(shop.storage, 'proofs', 'db', old))).toBe(false);
    expect(existsSync(join(shop.storage, 'marks', 'db', old))).toBe(false);
    expect(readdirSync(join(shop.storage, 'data', 'db'))).toHaveLength(2);
    const verified = await shop.steady('--json', 'backup', 'verify', 'latest');
    expect(verified.json.proofs).toHaveLength(2);
    const { json } = await shop.steady('--json', 'runs');
    expect(json.runs.map((one: { procedure: string }) => one.procedure)).toContain('sweep');
  });

  it('never takes the data of a run that is open for litter, however old they look', async () => {
    // A writer that holds the table keeps the backup waiting while its data folder is there.
    const lock = shop.postgres.sql.bind(shop.postgres);
    lock('shop', 'CREATE TABLE held (id int)');
    const hold = holdTable(shop);
    try {
      await hold.held;
      const { run } = await shop.json('backup', 'run', 'db', '--no-wait');
      await expect
        .poll(async () => (await shop.json('runs', '--open')).runs.map((one: { run: string }) => one.run), {
          timeout: 20_000,
        })
        .toContain(run);
      shop.file.write(shop.file.text.replace('stall: 1m', 'stall: 1m, litter: 1s'));
      await shop.json('apply');
      // As it would be named by the run that is open.
      const id = young();
      leave(join(data(id), 'data.zst.000'), 0);
      await sleep(2100);
      const { lines } = await shop.json('backup', 'sweep', '--dry-run');
      const line = (lines as { key: string; litter: boolean; why: string }[]).find((one) =>
        one.key.includes(id),
      );
      expect(line).toMatchObject({
        litter: false,
        why: expect.stringMatching(
          /^no manifest, backup(-store)?\.shop\.\S+ is open and may have made it$/,
        ) as string,
      });
    } finally {
      hold.end();
    }
  });

  it('is scheduled daily by apply', async () => {
    const { changes } = await shop.json('apply', '--dry-run');
    expect(changes).toContainEqual({
      schedule: 'sweep.shop.daily',
      change: 'none',
      words: '45 4 * * * UTC',
    });
  });
});

describe('steady backup backfill', () => {
  const since = new Date(Date.now() - 2 * 86_400_000).toISOString();

  it('names the runs that the clock did not start, and makes up for all of them by one, in the name of the newest', async () => {
    const looked = await shop.steady('backup', 'backfill', 'nightly', '--since', since, '--dry-run');
    expect(looked.stdout).toMatch(
      /^(\S+ 03:30:00Z \(.+ ago\) +NOT STARTED\s*\n){2}2 runs not started; one run makes up for all of them\n$/,
    );
    const { run, moments, stores } = await shop.json('backup', 'backfill', 'nightly', '--since', since);
    const [, newest] = moments;
    expect(run).toBe(`backup.shop.nightly-${newest.at.replace('.000Z', 'Z')}`);
    expect(stores.map((one: { store: string }) => one.store)).toEqual(['db', 'cache']);

    const { stdout } = await shop.steady('backup', 'backfill', 'nightly', '--since', since);
    expect(stdout).toMatch(
      /^\S+ 03:30:00Z \(.+ ago\) +NOT STARTED\s*\n\S+ 03:30:00Z \(.+ ago\) +done +backup\.shop\.nightly-\S+\n/,
    );
    expect(stdout).toContain('1 run not started, and a later one was: there is nothing to make up for\n');
    expect((await shop.json('status')).plans[0]).toMatchObject({ last: { run, outcome: 'done' } });
  });

  it('refuses a time of which nobody can tell what ran', async () => {
    const { code, stderr } = await shop.steady('backup', 'backfill', 'nightly', '--since', '2020-01-01');
    expect([code, stderr]).toEqual([2, expect.stringContaining('Temporal keeps ended runs no longer')]);
  });
});

describe('storage that is away', () => {
  it('is said by status and by whoever needs it, with exit code 5', async () => {
    const away = join(shop.folder, 'elsewhere');
    await expect.poll(async () => (await shop.json('runs', '--open')).runs, { timeout: 60_000 }).toEqual([]);
    renameSync(join(shop.folder, 'backups'), away);
    try {
      const status = await shop.steady('--json', 'status');
      expect(status.code).toBe(5);
      expect(status.json.stores[0].error.code).toBe('storage.unreachable');
      const key = await shop.steady('--json', 'key', 'test', '--identity-file', 'offline.key');
      expect([key.code, key.json.error.code]).toEqual([5, 'storage.unreachable']);
    } finally {
      renameSync(away, join(shop.folder, 'backups'));
    }
  });
});

describe('a database that is away', () => {
  it('is what status says of the run that tries again and again, and is told once an attempt in a pipe', async () => {
    // The last test of this file: the server's data go with it.
    await shop.postgres.stop();
    const { run } = await shop.json('backup', 'run', 'db', '--no-wait');
    const watching = shop.steady('show', run as string, '--watch');
    const again = new RegExp(
      `^! ${run} runs, started .*\\n {4}\\w+ is tried again, attempt [5-9]; the last one: cannot reach `,
      'm',
    );
    await expect.poll(async () => (await shop.steady('status')).stdout, { timeout: 60_000 }).toMatch(again);
    await shop.json('cancel', run as string);
    const { stdout } = await watching;
    const told = [...stdout.matchAll(/^… waiting for (\w+, attempt \d+)/gm)].map((found) => found[1]);
    expect(told.length).toBeGreaterThan(1);
    expect(told).toEqual([...new Set(told)]);
  });
});

/** Holds a table exclusively, as a migration would, until told to end. */
function holdTable(of: ShopStack) {
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', join(of.postgres.bin, 'psql'), '-X', '-q', '-At', '-f', '-'],
    { env: of.postgres.env('shop'), stdio: ['pipe', 'pipe', 'ignore'] },
  );
  child.stdin.write("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n");
  const held = new Promise<void>((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (text.includes('held') && resolve())),
  );
  return { held, end: () => void child.stdin.end('ROLLBACK;\n') };
}
