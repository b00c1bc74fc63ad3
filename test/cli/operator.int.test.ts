import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.js';
import { startRun } from '../../src/client/start.js';
import { snapshotOf } from '../../src/client/snapshot.js';
import { loadStackFile } from '../../src/config/load-stack-file.js';
import type { PruneInput, SweepInput } from '../../src/contracts/runs/procedures.js';
import { serve } from '../adapters/probes/http-server.js';
import { freePort } from '../services/free-port.js';
import { createShop, type ShopStack } from './rig/stack.js';

/** What a half-awake operator types and sees, in the order of a bad night. */

let shop: ShopStack;
const ID = String.raw`\d{8}T\d{6}Z-[0-9a-z]{8}`;
const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`;
const AGO = String.raw`(just now|\d+ (s|min)( \d+ s)? ago)`;
const SECONDS = String.raw`[\d.]+ s`;

let metricsPort: number;

beforeAll(async () => {
  metricsPort = await freePort();
  shop = await createShop({ encrypted: true });
  // Enough that a loss of most of it is noticed.
  shop.postgres.sql(
    'shop',
    'INSERT INTO orders SELECT i, repeat(md5(i::text), 4) FROM generate_series(10001, 30000) i',
  );
  await shop.up.start('--metrics', `${metricsPort}`);
}, 180_000);
afterAll(() => shop.close());

const text = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await shop.steady(...args);
  expect([args, code, stderr]).toEqual([args, 0, '']);
  // Plain lines in a pipe: no colours, nothing that moves.
  expect(stdout).not.toContain('\u001B');
  return stdout;
};
const lines = async (...args: string[]): Promise<string[]> => (await text(...args)).trimEnd().split('\n');
const like = (pattern: string): unknown => expect.stringMatching(new RegExp(`^${pattern}$`));

describe('before the first backup', () => {
  it('says that there is none, with exit code 1', async () => {
    const { code, stdout } = await shop.steady('status');
    expect(code).toBe(1);
    expect(stdout.trimEnd().split('\n')).toEqual([
      '✗  db     NO VERIFIED BACKUP  RPO 24 h  no backup yet  0 kept',
      '✗  cache  NO VERIFIED BACKUP  RPO 24 h  no backup yet  0 kept',
      like(`plan nightly  30 3 \\* \\* \\* UTC  not run by its schedule yet  next ${TIME} \\(in .*\\)`),
    ]);
    expect(await text('backup', 'list')).toBe('No backups yet. Take one with `steady backup run`.\n');
    expect(await text('runs')).toBe('No runs yet.\n');
    const none = await shop.steady('--json', 'restore', 'latest');
    expect([none.code, none.json.error.code]).toEqual([2, 'backup.unknown']);
  });
});

describe('a backup', () => {
  it('tells its steps as they end, and what it made', async () => {
    expect(await lines('backup', 'run')).toEqual([
      like(`run backup\\.shop\\.${ID}`),
      like(`✓ Open storage \\(${SECONDS}\\)`),
      ...[1, 2].flatMap(() => [like(`✓ Back up (db|cache) \\(${SECONDS}\\)`), like(`    ${ID}, readable`)]),
      like(`✓ Write the set \\(${SECONDS}\\)`),
      like(`db     ${ID}  [\\d.]+ KiB stored of [\\d.]+ MiB  in ${SECONDS}  readable`),
      like(`cache  ${ID}  [\\d.]+ KiB stored of [\\d.]+ KiB +in ${SECONDS}  readable`),
    ]);
  });

  it('is listed with age, size and proof, in columns', async () => {
    const [head, db, cache] = await lines('backup', 'list');
    expect(head).toMatch(/^STORE {2}BACKUP {21}DATA OF {2,}STORED {2}PROOF$/);
    expect(db).toMatch(new RegExp(`^db     ${ID}  ${TIME}  ${AGO} +[\\d.]+ KiB  readable ${AGO}$`));
    expect(cache).toMatch(new RegExp(`^cache  ${ID}  ${TIME}  ${AGO} +[\\d.]+ KiB  readable ${AGO}$`));
    const { backups } = await shop.json('backup', 'list', 'db');
    expect(backups).toMatchObject([{ store: 'db', kind: 'postgres', verified: 'readable', shrunk: false }]);
    expect(backups[0].bytes).toBeTypeOf('number');
    expect(new Date(backups[0].takenAt as string).toISOString()).toBe(backups[0].takenAt);
  });

  it('is shown with what it holds and the commands that restore it without this program', async () => {
    const { backups } = await shop.json('backup', 'list', 'db');
    const shown = await text('backup', 'show', backups[0].id as string);
    expect(shown).toMatch(/^backup \S+\n {2}store {5}db, PostgreSQL /);
    expect(shown).toMatch(new RegExp(`^  data of   ${TIME} \\(${AGO}\\)$`, 'm'));
    expect(shown).toMatch(
      /^ {2}stored {4}[\d.]+ KiB of [\d.]+ MiB, \d streams, encrypted for 2 recipients$/m,
    );
    expect(shown).toMatch(/^ {2}public\.orders +22000$/m);
    expect(shown).toMatch(/^ {2}cat '.*' \| age -d -i "\$AGE_IDENTITY" \| zstd -dc \| pg_restore /m);
  });

  it('makes the morning look green', async () => {
    expect(await lines('status')).toEqual([
      like(`✓  db     verified ${AGO}  RPO 24 h  readable  1 kept`),
      like(`✓  cache  verified ${AGO}  RPO 24 h  readable  1 kept`),
      like(`plan nightly  30 3 \\* \\* \\* UTC  not run by its schedule yet  next ${TIME} \\(in .*\\)`),
    ]);
  });

  it('is kept by a mark until a date, by the clock of the stack', async () => {
    const { backups } = await shop.json('backup', 'list', 'cache');
    const { id } = backups[0] as { id: string };
    const until = `${new Date().getUTCFullYear() + 1}-03-01`;
    expect(await text('backup', 'keep', id, '--until', until, '--reason', 'audit')).toMatch(
      new RegExp(`^cache ${id}: kept until ${until} 23:59:59Z \\(in \\d+ d\\)\n$`),
    );
    expect(await text('backup', 'list', 'cache')).toContain(`kept until ${until} 23:59:59Z`);
    expect(await text('backup', 'prune', 'cache', '--dry-run')).toContain(
      `marked to be kept until ${until}T23:59:59.999Z`,
    );
    const unknown = await shop.steady('--json', 'backup', 'keep', '20200101T000000Z-k7q2m9xd');
    expect([unknown.code, unknown.json.error.code]).toEqual([2, 'backup.unknown']);
    const odd = await shop.steady('--json', 'backup', 'accept', id);
    expect([odd.code, odd.json.error.message]).toEqual([
      2,
      `wrong usage [id=${id} error="it is neither suspect nor flagged as sharply smaller"]`,
    ]);
  });
});

describe('a restore', () => {
  it('is said whole in a dry run, with the time it will take once one was measured', async () => {
    const before = await lines('restore', 'latest', '--store', 'db', '--dry-run');
    expect(before).toContain('What would happen:');
    expect(before.at(-1)).toBe('Nothing was changed.');
    expect(before.join('\n')).not.toContain('take about');
    await text('backup', 'verify', 'latest', '--store', 'db', '--depth', 'restored');
    const after = await lines('restore', 'latest', '--store', 'db', '--dry-run');
    expect(after).toContainEqual(
      like(`  db: loading and comparing take about \\d+s, going by the proof by restore of ${ID}`),
    );
    expect(after).toContainEqual(
      like(`  db: from ${ID}, data of \\S+, [\\d.]+ MiB \\([\\d.]+ KiB stored\\), PostgreSQL .*`),
    );
    const [head, ...rest] = await lines('restore', '--list');
    expect(head).toMatch(/^DATA OF +STORE {2}BACKUP +SIZE {2}PROOF +SET$/);
    expect(rest).toHaveLength(2);
  });

  it('waits for an approval that names what is asked, by whom, and how to answer', async () => {
    const { run } = await shop.json('restore', 'latest', '--store', 'db', '--no-wait');
    const digest = await shop.untilAsked(run as string);
    const status = await text('status');
    expect(status).toMatch(
      new RegExp(`^\\? ${run} waits for an approval by operator since ${TIME} \\(${AGO}\\)$`, 'm'),
    );
    expect(status).toMatch(
      new RegExp(`^    asked by ana; no answer until ${TIME} \\(in .*\\) means no$`, 'm'),
    );
    const { approvals } = (await shop.steady('--json', 'status')).json;
    expect(approvals).toMatchObject([{ run, asked: { by: 'ana', digest } }]);
    expect(status).toContain(`    look: steady show ${run}   answer: steady approve ${run}`);
    const shown = await lines('show', (run as string).slice(-8));
    expect(shown[0]).toBe(`${run}  waiting`);
    expect(shown).toContainEqual(like('… waiting for approval by ben until \\S+'));
    expect(shown).toContainEqual(
      like('  wanted: 1 with the role operator, not ana; no answer in (\\d+ min.*|1 h) means no'),
    );
    expect(shown.at(-1)).toMatch(new RegExp(`^  answer with: steady approve ${run} --digest [0-9a-f]{12} `));

    // A refusal stands alone, without the page of what will not be signed.
    const own = await shop.as('ana', 'approve', run as string);
    expect([own.code, own.stdout]).toEqual([1, '']);
    expect(own.stderr).toContain('ana asked for it and cannot approve it');
    expect(own.stderr).toContain('  hint: Somebody else with the role has to sign it;');
    const changed = await shop.as('ben', '--json', 'approve', run as string, '--digest', '000000000000');
    expect(changed.json.error.message).toContain('the proposal has changed');

    // Without a terminal nobody signs what nobody has named: not in a pipe, not with an empty variable.
    const unseen = await shop.as('ben', 'approve', run as string);
    expect(unseen.code).toBe(2);
    expect(unseen.stdout).toMatch(/^ {2}db: from /m);
    expect(unseen.stderr).toContain(`  code: usage.invalid\n`);
    expect(unseen.stderr).toContain(`then: steady approve ${run} --digest ${digest.slice(0, 12)}\n`);
    const program = await shop.as('ben', '--json', 'approve', run as string);
    expect([program.code, program.json.error.code]).toEqual([2, 'usage.invalid']);
    expect(program.json.error.message).toContain(`digest=${digest.slice(0, 12)}]`);
    for (const little of ['', digest.slice(0, 11), 'ABCDEFABCDEF']) {
      const refused = await shop.as('ben', '--json', 'approve', run as string, '--digest', little);
      expect([refused.code, refused.json.error.code]).toEqual([2, 'usage.invalid']);
    }
    expect((await shop.json('show', run as string)).approval).toMatchObject({ digest, decisions: [] });

    const denied = await shop.as('ben', 'deny', run as string, '--reason', 'not now');
    expect(denied.stdout).toContain('Denied by ben; the run ends, and nothing is changed.\n');
    const watched = await shop.steady('show', run as string, '--watch');
    expect([watched.code, watched.stderr]).toEqual([
      3,
      expect.stringMatching(/^error: denied \[by=ben reason="not now"\]\n {2}code: approval\.denied\n/),
    ]);
    const late = await shop.as('ben', 'approve', run as string, '--digest', digest);
    expect([late.code, late.stdout]).toEqual([1, '']);
    expect(late.stderr).toContain('  hint: There is nothing to sign any more:');
  });

  it('is refused before there is a run to who is not certain to be a person of the file', async () => {
    const runs = async (): Promise<unknown> => (await shop.json('runs')).runs.length;
    const before = await runs();
    const stranger = ['--identity', `${shop.folder}/eve.identity`];
    await text(...stranger, 'identity', 'create', '--name', 'eve');
    const { code, stdout, stderr } = await shop.steady(...stranger, 'restore', 'latest', '--no-wait');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'error: no identity [asked_by=eve why="not a person of the stack file with this key"]\n' +
        '  code: identity.missing\n' +
        '  hint: Add its key (`steady identity show`) to approvers in the stack file and run `steady apply`, or name another with --identity.\n',
    );
    expect(await runs()).toBe(before);
    // Who only looks may be anybody.
    await text(...stranger, 'restore', 'latest', '--store', 'db', '--dry-run');
    const again = await shop.steady(...stranger, 'identity', 'create');
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('  hint: It is yours to use:')]);
  });

  it('from before all backups is refused in words that say so', async () => {
    const { code, stderr } = await shop.steady('restore', '2020-01-01', '--store', 'db', '--dry-run');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('[store=db error="no backup at or before 2020-01-01 23:59:59Z"]'),
    ]);
  });

  it('is refused while a store is frozen, in the words of who froze it, before anybody is asked', async () => {
    expect(await text('freeze', 'db', '--reason', 'looking for the fault')).toBe(
      'db is frozen: nothing changes it until `steady thaw db`\n',
    );
    expect(await text('status')).toMatch(
      new RegExp(`^! db is frozen by ana since ${AGO}: looking for the fault$`, 'm'),
    );
    const { code, stdout, stderr } = await shop.steady('restore', 'latest', '--store', 'db', '--no-wait');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(
      '  code: target.frozen\n  hint: Lift it with `steady thaw`, or wait until its end',
    );
    expect(stderr).toMatch(
      new RegExp(`\\[why="db frozen by ana since ${TIME} \\(${AGO}\\): looking for the fault"\\]`),
    );
    // Backups go on.
    expect((await shop.json('backup', 'run', 'db')).stores).toHaveLength(1);
    expect(await lines('freeze', 'db', '--reason', 'still looking')).toEqual([
      'db is frozen: nothing changes it until `steady thaw db`',
      like(`    it was already, by ana ${AGO}, whose reason this replaces: looking for the fault`),
    ]);
    expect(await text('thaw')).toBe('db is thawed\ncache was not frozen\n');
    expect(await text('status')).not.toContain('frozen');
  });

  it('names the store in each step, and says what it restored and how to switch back', async () => {
    shop.postgres.sql('shop', 'DELETE FROM orders');
    const asked = shop.steady('restore', 'latest', '--store', 'db');
    const run = await vi.waitFor(async () => {
      const { approvals } = (await shop.steady('--json', 'status')).json;
      expect(approvals).toHaveLength(1);
      return approvals[0].run as string;
    }, 60_000);
    // On a terminal nobody signs what they had no time to read.
    const unsure = shop.typing('ben', 'no\n', 'approve', run);
    expect([unsure.code, unsure.stdout]).toEqual([3, expect.stringContaining('Sign this? (yes/no) ')]);
    expect(unsure.stdout).toMatch(/^ {2}db: from /m);
    expect(shop.typing('ben', 'yes\n', 'approve', run).stdout).toContain('Approved by ben; the run goes on.');
    const { code, stdout } = await asked;
    expect(code).toBe(0);
    const told = stdout.trimEnd().split('\n');
    expect(told).toContainEqual(like('… waiting for approval by ben until \\S+'));
    expect(told).toContainEqual(`    answer with: steady approve ${run}`);
    expect(told).toContainEqual(like(`✓ db: Load into shop_new_\\S+ beside shop \\(${SECONDS}\\)`));
    expect(told).toContainEqual(like(`✓ db: Close shop, end its sessions, .* \\(${SECONDS}\\)`));
    expect(told.at(-2)).toMatch(
      /^RTO [\d.]+ s, from the go to its end: the file names no health check and no check/,
    );
    expect(told.at(-1)).toBe(`Switch back with: steady restore undo ${run}`);
    expect(shop.postgres.sql('shop', 'SELECT count(*) FROM orders')).toBe('22000');
    const { result, seconds } = await shop.json('show', run);
    expect(result.stores).toMatchObject([{ store: 'db', rawBytes: expect.any(Number) as number }]);
    expect(seconds).toBeGreaterThan(0);
    // Who looks later is told the same.
    for (const more of [[], ['--watch']])
      expect((await lines('show', run, ...more)).slice(-3)).toEqual(told.slice(-3));
  });

  it('is not undone for a stranger, nor while a store is frozen: no run begins', async () => {
    const { runs } = await shop.json('runs');
    const [restored] = (runs as { run: string; outcome: string; dryRun: boolean }[]).filter(
      (one) => one.run.startsWith('restore.') && one.outcome === 'done' && !one.dryRun,
    );
    const undo = ['restore', 'undo', restored?.run ?? '', '--no-wait'];
    const stranger = await shop.steady('--json', '--identity', `${shop.folder}/eve.identity`, ...undo);
    expect([stranger.code, stranger.json.error.code]).toEqual([2, 'identity.missing']);
    await text('freeze', 'db', '--reason', 'looking');
    const frozen = await shop.steady('--json', ...undo);
    expect([frozen.code, frozen.json.error.code]).toEqual([3, 'target.frozen']);
    await text('thaw', 'db');
    expect((await shop.json('runs')).runs).toHaveLength((runs as unknown[]).length);
  });

  it('is cancelled cleanly', async () => {
    const { run } = await shop.json('restore', 'latest', '--store', 'db', '--no-wait');
    await shop.untilAsked(run as string);
    const early = await shop.steady('--json', 'restore', 'undo', run as string);
    expect(early.json.error).toMatchObject({
      code: 'store.gone',
      message: `nothing to undo [restore=${run} why="it still runs"]`,
      hint: `\`steady cancel ${run}\` stops it, and puts back what it has begun.`,
    });
    expect(await shop.json('cancel', run as string)).toEqual({ run, status: 'cancelled' });
    expect(await text('cancel', run as string)).toBe(`${run} has ended already: cancelled\n`);
    const runs = await lines('runs', '--limit', '2');
    expect(runs[0]).toMatch(/^STARTED +OUTCOME +TOOK +RUN +BY$/);
    expect(runs[1]).toMatch(new RegExp(`^${TIME}  ${AGO} +cancelled  ${SECONDS} +${run}  ana$`));
  });
});

describe('a backup that is sharply smaller', () => {
  it('is flagged, passed over, and counts once it is accepted', async () => {
    shop.postgres.sql('shop', 'DELETE FROM orders WHERE id > 100; VACUUM orders');
    const ran = await shop.json('backup', 'run', 'db');
    const { backupId, shrunk } = ran.stores[0] as { backupId: string; shrunk: boolean };
    expect(shrunk).toBe(true);
    expect(await text('backup', 'list', 'db')).toMatch(
      new RegExp(`^db     ${backupId} .* sharply smaller, not accepted$`, 'm'),
    );
    expect(await text('status')).toMatch(new RegExp(`^✓  db .* newest, ${AGO}: suspect  3 kept$`, 'm'));
    const passed = await text('restore', 'latest', '--store', 'db', '--dry-run');
    expect(passed).toContain(`db: a newer backup ${backupId} is marked suspect and was passed over`);
    expect(await text('backup', 'accept', backupId, '--reason', 'archived')).toBe(
      `db ${backupId}: accepted: it counts from now on\n`,
    );
    expect(await text('restore', 'latest', '--store', 'db', '--dry-run')).toContain(`db: from ${backupId},`);
  });
});

describe('backups made after a breach', () => {
  it('are taken out at once, from a moment on; what is left is said, and all of it can be taken back', async () => {
    const { backups } = await shop.json('backup', 'list', 'db');
    const [clean, ...later] = backups as { id: string; takenAt: string }[];
    const after = later[0]?.takenAt ?? '';
    const marked = later.map(({ id }) => `db ${id}`);
    const end = [
      `db: latest is ${clean?.id}, data of `,
      'Backups that are made from now on count: mark those too, if the cause is not gone yet.',
    ];
    const suspect = [
      'backup',
      'mark',
      '--suspect',
      '--store',
      'db',
      '--after',
      after,
      '--reason',
      'stolen key',
    ];
    const asked = await lines(...suspect, '--dry-run');
    expect(asked.slice(0, -2)).toEqual([
      ...marked,
      expect.stringMatching(/^2 backups with data of .* or later would be marked suspect; none is deleted$/),
    ]);
    const told = await lines(...suspect);
    expect(told.slice(0, later.length)).toEqual(marked);
    end.forEach((line) => expect(told.join('\n')).toContain(line));

    const listed = await lines('backup', 'list', 'db');
    expect(listed.filter((line) => line.endsWith('  marked suspect: stolen key'))).toHaveLength(later.length);
    expect(await text('status')).toMatch(new RegExp(`^. {2}db .* newest, ${AGO}: suspect {2}3 kept$`, 'm'));
    const restore = await text('restore', 'latest', '--store', 'db', '--dry-run');
    expect(restore).toContain(`db: from ${clean?.id},`);
    expect(restore).toContain('db: 2 newer backups were passed over: ');

    const back = await text('backup', 'accept', '--store', 'db', '--after', after, '--reason', 'it was not');
    expect(back).toMatch(/^2 backups with data of .* or later accepted; none is deleted$/m);
    expect(back).toContain(`db: latest is ${later.at(-1)?.id}, data of `);
  });
});

describe('the stack file', () => {
  it('differs from what is applied: status says so, runs are refused, apply shows the difference', async () => {
    shop.file.write(shop.file.text.replace('"30 3 * * *"', '"30 4 * * *"'));
    expect(await text('status')).toContain(
      '! the file differs from what is applied, and what is applied runs: `steady apply --dry-run`\n',
    );
    const refused = await shop.steady('--json', 'restore', 'latest');
    expect([refused.code, refused.json.error.code]).toEqual([2, 'config.not-applied']);
    // Looking is allowed all the same.
    expect(await text('backup', 'list')).toContain('readable');
    expect(await lines('apply', '--dry-run')).toEqual([
      '~ backup.shop.nightly  30 3 * * * becomes 30 4 * * * UTC',
      '~ sweep.shop.daily  45 4 * * * UTC, other contents',
    ]);
    expect((await shop.json('status')).config).toBe('differs');
    await text('apply');
    expect(await text('apply')).toBe(
      '= backup.shop.nightly  30 4 * * * UTC\n= sweep.shop.daily  45 4 * * * UTC\nSchedules equal the file.\n',
    );
    expect((await shop.json('status')).config).toBe('same');
  });
});

describe('people', () => {
  it('are reached by each channel or not: notify test says so, a line each, and calls a heartbeat only by name', async () => {
    const [hook, moved, beat] = await Promise.all([
      serve((_request, response) => response.end('ok')),
      serve((request, response) => response.writeHead(410).end(`gone: ${request.path}`)),
      serve((_request, response) => response.end('OK')),
    ]);
    const urls = { hook: hook.url, moved: `${moved.url}/services/T0/key-of-it`, beat: beat.url };
    for (const [name, url] of Object.entries(urls))
      writeFileSync(join(shop.folder, `${name}.url`), `${url}\n`);
    const slack = (name: string): string => `{ slack: { url: { file: ${name}.url } } }`;
    shop.file.write(
      `${shop.file.text}notify: { ops: ${slack('hook')}, old: ${slack('moved')}, outside: { heartbeat: { url: { file: beat.url } } } }\n`,
    );
    const test = await shop.steady('notify', 'test');
    expect([test.code, test.stdout.trimEnd().split('\n')]).toEqual([
      1,
      [
        '✓ ops (slack): 200 ok',
        like(
          String.raw`✗ old \(slack\): a receiver refused the message \[channel=old host=127.0.0.1:\d+ status=410 says="gone: \[secret\]"\]`,
        ),
        '· outside (heartbeat): not called; name it to call it, which counts as a verified set',
      ],
    ]);
    expect(hook.seen[0]?.body).toContain('[steady shop] a test');
    expect(beat.seen).toEqual([]);
    expect((await shop.json('notify', 'test', 'outside')).told).toEqual([
      { channel: 'outside', reached: true, words: '200 OK' },
    ]);
    expect(beat.seen).toHaveLength(1);
    const unknown = await shop.steady('--json', 'notify', 'test', 'opps');
    expect([unknown.code, unknown.json.error.message]).toEqual([
      2,
      'wrong usage [channel=opps allowed=ops,old,outside nearest=ops]',
    ]);
    // In the morning it is still to be seen, whose message did not come.
    expect(await text('status')).toMatch(
      /^! a channel was not reached with \d+ messages?, the newest .+ ago: steady show notify\.shop\.\S+\n {4}a receiver refused/m,
    );
    for (const one of [hook, moved, beat]) await one.close();
    shop.file.write(shop.file.text);
  });

  it('and Prometheus find the newest verified backups at the worker', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const [, newest] =
      /^steady_backup_newest_verified_timestamp_seconds{stack="shop",store="db"} (\d+)$/m.exec(metrics) ?? [];
    expect(Math.abs(Date.now() / 1000 - Number(newest))).toBeLessThan(3600);
    expect(metrics).toContain('steady_metrics_read_ok{stack="shop",of="watch"} 1');
  });
});

describe('a run that is not one', () => {
  it('is unknown, ambiguous, or an entity that nobody may cancel', async () => {
    const snapshot = snapshotOf(await loadStackFile(shop.file.path));
    const steady = await connect({ address: `127.0.0.1:${shop.up.port}`, config: shop.file.path });
    const request = '20260101T000000Z-samesame';
    const common = { version: 1, snapshot, by: { name: 'test' }, dryRun: true } as const;
    const sweep: SweepInput = common;
    const prune: PruneInput = { ...common, stores: ['db'] };
    await (await startRun(steady, { procedure: 'sweep', input: sweep, request })).result();
    await (await startRun(steady, { procedure: 'prune', input: prune, request })).result();
    await steady.close();

    const unknown = await shop.steady('--json', 'show', 'nothing');
    expect([unknown.code, unknown.json.error.message]).toEqual([2, 'no such run [run=nothing]']);
    await vi.waitFor(async () => {
      const two = await shop.steady('--json', 'show', 'samesame');
      expect([two.code, two.json.error.message]).toEqual([
        2,
        expect.stringMatching(/^no such run \[run=samesame error="2 runs end so" first=\S+ second=\S+\]$/),
      ]);
    }, 20_000);
    const entity = await shop.steady('--json', 'cancel', 'target.shop.db');
    expect([entity.code, entity.json.error.code]).toEqual([2, 'run.unknown']);
    const ended = await shop.as('ben', '--json', 'approve', `sweep.shop.${request}`);
    expect([ended.code, ended.json.error.message]).toEqual([
      1,
      expect.stringContaining('nothing is asked here now'),
    ]);
    const undo = await shop.steady('--json', 'restore', 'undo', `sweep.shop.${request}`);
    expect([undo.code, undo.json.error.code]).toEqual([2, 'usage.invalid']);
  });
});
