import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RestorePlace } from '../../../../src/adapters/stores/port.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import { startRedis, type RedisService, type StartRedisOptions } from '../../../services/redis.js';
import { rawBackup, testCall, type RawBackup } from '../files/raw-backup.js';
import { contents, major, makeStore, seed, type Made, type MakeOptions } from './sample.js';
import { someRedis } from '../versions.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
const KEPT = 'steady-old-20261122-k7q2m9xd';
/** Without waiting for more replicas, which the default does for five seconds. */
const QUICK = ['repl-diskless-sync-delay 0'];
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: StartRedisOptions = {}): Promise<RedisService> {
  const redis = await startRedis({ ...options, config: [...QUICK, ...(options.config ?? [])] });
  cleanups.push(() => redis.stop());
  return redis;
}

function make(redis: RedisService, options: MakeOptions = {}): Made {
  const made = makeStore(redis, options);
  cleanups.push(made.remove);
  return made;
}

async function backUp({ store }: Made): Promise<{ backup: RawBackup; manifest: Manifest }> {
  const backup = rawBackup();
  cleanups.push(backup.remove);
  return { backup, manifest: backup.manifest('redis', await store.dump(testCall(), backup.writer)) };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'steady-new-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe.each(someRedis())('Redis store on $title', ({ server }) => {
  it('tells a wrong password from a server that is down', async () => {
    const redis = await start({ server, password: 'right one' });
    const wrong = make(redis, { password: 'wrong one' });
    await expect(wrong.store.facts(testCall())).rejects.toMatchObject({ code: 'store.denied' });
    const backup = rawBackup();
    cleanups.push(backup.remove);
    const error = await wrong.store.dump(testCall(), backup.writer).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'store.denied' });
    expect(String(error)).not.toContain('wrong one');
    expect(await wrong.store.check(testCall())).toMatchObject([
      { what: 'reach', status: 'error', message: /refused the credentials/ },
    ]);
    await expect(make(redis).store.facts(testCall())).rejects.toMatchObject({ code: 'store.denied' });
    await redis.kill();
    await expect(wrong.store.facts(testCall())).rejects.toMatchObject({ code: 'store.unreachable' });
    await expect(wrong.store.dump(testCall(), backup.writer)).rejects.toMatchObject({
      code: 'store.unreachable',
    });
  });

  it('takes the file of a BGSAVE when its ACL user may not synchronise', async () => {
    const users = [
      'user saver on >savers-pass ~* &* +@all -sync -psync',
      'user weak on >weak-pass ~* +ping +info +time',
    ];
    const redis = await start({ server, users });
    seed(redis, 50);
    const saver = make(redis, { password: 'savers-pass', config: { user: 'saver' } });
    const { manifest, backup } = await backUp(saver);
    expect(manifest.method).toBe('rdb (BGSAVE)');
    expect(manifest.facts.counts['db0']).toBe(61);
    expect(manifest.detail['users']).toEqual(['default', 'saver', 'weak']);
    expect(readFileSync(backup.path('acl'), 'utf8')).toMatch(/^user saver on /m);
    expect(readFileSync(backup.path('config'), 'utf8')).toMatch(/^appendonly no$/m);
    const weak = make(redis, { password: 'weak-pass', config: { user: 'weak' } });
    await expect(backUp(weak)).rejects.toMatchObject({ code: 'store.denied' });
    if (major(redis) >= 7) {
      expect(await saver.store.check(testCall())).toContainEqual(
        expect.objectContaining({
          what: 'rights',
          status: 'warning',
          message: expect.stringMatching(/by BGSAVE/) as string,
        }),
      );
    }
  });

  it('takes one moment of a server that is written to, and the same moment comes back', async () => {
    const redis = await start({ server });
    seed(redis);
    const script =
      'while true; do for i in 1 2 3 4 5 6 7 8 9; do echo "INCR a"; echo "INCR b"; done | "$0" -p "$1" >/dev/null; done';
    const argv = [
      '--pdeathsig',
      'KILL',
      '--',
      'bash',
      '-c',
      script,
      server.replace(/-server$/, '-cli'),
      String(redis.port),
    ];
    const writer = spawn('setpriv', argv, { stdio: 'ignore', detached: true });
    const made = make(redis);
    try {
      const { backup, manifest } = await backUp(made);
      await made.store.load(testCall(), backup.reader(manifest), PLACE);
      expect(await made.store.compare(testCall(), manifest, PLACE)).toContain('content digest equal');
    } finally {
      process.kill(-(writer.pid as number), 'SIGKILL');
    }
    await made.store.cutover(testCall(), PLACE);
    const [a, b] = [Number(redis.cli('GET', 'a')), Number(redis.cli('GET', 'b'))];
    expect(a - b === 0 || a - b === 1).toBe(true);
  });

  it('refuses a backup of a newer server before anything is touched', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 10);
    const { backup, manifest } = await backUp(made);
    const newer: Manifest = {
      ...manifest,
      server: { ...manifest.server, version: '99.0.0', major: 99 },
      detail: { ...manifest.detail, rdbVersion: 79 },
    };
    await expect(made.store.preview(testCall(), newer, PLACE)).rejects.toMatchObject({
      code: 'store.too-new',
    });
    await expect(made.store.scratch(testCall(), newer, newFolder())).rejects.toMatchObject({
      code: 'store.tool-too-old',
    });
    // Also when only the file itself tells.
    const rdb = readFileSync(backup.path('rdb'));
    rdb.write('REDIS0079', 0, 'latin1');
    writeFileSync(backup.path('rdb'), rdb);
    await made.store.load(testCall(), backup.reader(manifest), PLACE);
    await expect(made.store.compare(testCall(), manifest, PLACE)).rejects.toThrow(/RDB format version 79/);
    await expect(made.store.readable(testCall(), backup.reader(manifest))).rejects.toMatchObject({
      code: 'verify.failed',
    });
    expect(redis.cli('DBSIZE')).toBe('23');
  });

  it('notices a flipped byte and a cut RDB', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 1000);
    const { backup, manifest } = await backUp(made);
    const rdb = readFileSync(backup.path('rdb'));
    const flipped = Buffer.from(rdb);
    flipped[Math.floor(rdb.length / 2)] = (flipped[Math.floor(rdb.length / 2)] ?? 0) ^ 1;
    for (const bad of [flipped, rdb.subarray(0, rdb.length - 100)]) {
      writeFileSync(backup.path('rdb'), bad);
      await expect(made.store.readable(testCall(), backup.reader(manifest))).rejects.toMatchObject({
        code: 'verify.failed',
      });
      await made.store.load(testCall(), backup.reader(manifest), PLACE);
      await expect(made.store.compare(testCall(), manifest, PLACE)).rejects.toMatchObject({
        code: 'tool.failed',
      });
    }
    expect(await made.store.undo(testCall(), PLACE)).toEqual([
      'removed what was loaded beside; the live data were not touched',
    ]);
    expect(readdirSync(redis.data).filter((name) => name.includes('steady'))).toEqual([]);
  });

  it('names what differs', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 10);
    const { backup, manifest } = await backUp(made);
    await made.store.load(testCall(), backup.reader(manifest), PLACE);
    const facts = { ...manifest.facts, counts: { ...manifest.facts.counts, db0: 22 } };
    await expect(made.store.compare(testCall(), { ...manifest, facts }, PLACE)).rejects.toThrow(
      'db0: 22 keys without expiry in the backup, 21 here',
    );
    const digests = { 'keys without expiry': '0'.repeat(40) };
    await expect(
      made.store.compare(testCall(), { ...manifest, facts: { ...manifest.facts, digests } }, PLACE),
    ).rejects.toThrow('digest of keys without expiry differs');
  });

  it.each([false, true])(
    'takes up a cut-over that died at each of its steps (append-only: %s)',
    async (appendonly) => {
      const redis = await start({ server, appendonly });
      const made = make(redis);
      seed(redis, 100);
      const before = contents(redis);
      const { backup, manifest } = await backUp(made);
      const data = (...names: string[]): string => join(redis.data, ...names);
      const entries = (): string[] =>
        readdirSync(redis.data).filter((name) => /^(dump\.rdb|appendonly.*)$/.test(name));
      const died: [string, () => void][] = [
        ['stopped', () => undefined],
        [
          'moving aside',
          () => {
            mkdirSync(data('.steady-k7q2m9xd', 'old'));
            const [first] = entries();
            if (first !== undefined) renameSync(data(first), data('.steady-k7q2m9xd', 'old', first));
          },
        ],
        [
          'moved aside',
          () => {
            mkdirSync(data(KEPT));
            for (const name of entries()) renameSync(data(name), data(KEPT, name));
          },
        ],
        [
          'moved in',
          () => {
            mkdirSync(data(KEPT));
            for (const name of entries()) renameSync(data(name), data(KEPT, name));
            const ready = data('.steady-k7q2m9xd', 'ready');
            for (const name of readdirSync(ready)) renameSync(join(ready, name), data(name));
            rmSync(ready, { recursive: true });
          },
        ],
      ];
      for (const [step, half] of died) {
        for (const next of ['cutover', 'undo'] as const) {
          redis.cli('FLUSHALL');
          redis.cli('SET', 'poison', step);
          await made.store.load(testCall(), backup.reader(manifest), PLACE);
          redis.cli('SHUTDOWN', appendonly ? 'NOSAVE' : 'SAVE');
          half();
          // The server was the only one to know its data folder: the next attempt finds it all the same.
          await made.store[next](testCall(), PLACE);
          if (next === 'cutover') expect([step, contents(redis)]).toEqual([step, before]);
          else expect([step, redis.cli('GET', 'poison')]).toEqual([step, step]);
          if (next === 'cutover') await made.store.undo(testCall(), PLACE);
          expect([step, redis.cli('GET', 'poison'), redis.cli('DBSIZE')]).toEqual([step, step, '1']);
          await made.store.release(testCall(), PLACE);
          expect([step, readdirSync(redis.data).filter((name) => name.includes('steady'))]).toEqual([
            step,
            [],
          ]);
        }
      }
    },
  );

  it('says at once how a start command failed, and is switched back by one that works', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 10);
    const { backup, manifest } = await backUp(made);
    redis.cli('SET', 'poison', 'yes');
    const slow = ['sh', '-c', 'sleep 1.5; echo "redis: no way" >&2; exit 7'];
    const broken = make(redis, { config: { data: redis.data, process: { start: slow } }, worker: made });
    await broken.store.load(testCall(), backup.reader(manifest), PLACE);
    await broken.store.compare(testCall(), manifest, PLACE);
    const begun = performance.now();
    await expect(broken.store.cutover(testCall(), PLACE)).rejects.toThrow(
      'a service did not start, stop or become healthy [service=cache action=start exit=7 says="redis: no way"]',
    );
    expect(performance.now() - begun).toBeLessThan(30_000);
    await make(redis, { config: { data: redis.data }, worker: made }).store.undo(testCall(), PLACE);
    expect(redis.cli('GET', 'poison')).toBe('yes');
  });

  it('restores a server whose data are damaged so that it does not start', async () => {
    const redis = await start({ server, appendonly: true });
    const made = make(redis, { config: { data: redis.data } });
    seed(redis, 100);
    const before = contents(redis);
    const { backup, manifest } = await backUp(made);
    await redis.kill();
    const entry = readdirSync(redis.data).find((name) => name.startsWith('appendonly')) as string;
    const base = readdirSync(redis.data, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.aof') || name.endsWith('.rdb'),
    );
    for (const file of base) writeFileSync(join(redis.data, file), 'damaged');
    const preview = await made.store.preview(testCall(), manifest, PLACE);
    expect(preview.live).toBeUndefined();
    expect(preview.notes[0]).toMatch(/does not answer/);
    await made.store.load(testCall(), backup.reader(manifest), PLACE);
    await made.store.compare(testCall(), manifest, PLACE);
    await made.store.cutover(testCall(), PLACE);
    expect(contents(redis)).toBe(before);
    expect(existsSync(join(redis.data, KEPT, entry))).toBe(true);
  });

  it('does not leave append-only data behind for a server that is not append-only', async () => {
    const redis = await start({ server });
    const made = make(redis, { config: { data: redis.data } });
    seed(redis, 10);
    const { backup, manifest } = await backUp(made);
    await redis.kill();
    await made.store.load(testCall(), backup.reader(manifest), PLACE);
    const { notes } = await made.store.cutover(testCall(), PLACE);
    expect(notes[0]).toMatch(/was laid out as well and is removed/);
    expect(readdirSync(redis.data).filter((name) => name.startsWith('appendonly'))).toEqual([]);
  });

  it('keeps the data of a server that never saves, and gives them back', async () => {
    const redis = await start({ server, config: ['save ""'] });
    const made = make(redis);
    seed(redis, 10);
    const { backup, manifest } = await backUp(made);
    expect(manifest.notes[0]).toMatch(/neither save points nor an append-only file/);
    redis.cli('FLUSHALL');
    redis.cli('SET', 'only-in-memory', 'yes');
    await made.store.load(testCall(), backup.reader(manifest), PLACE);
    await made.store.cutover(testCall(), PLACE);
    expect(redis.cli('EXISTS', 'only-in-memory')).toBe('0');
    await made.store.undo(testCall(), PLACE);
    expect(redis.cli('GET', 'only-in-memory')).toBe('yes');
  });

  it('restores into a folder from which a server of either form can start', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 100);
    const before = contents(redis);
    const { backup, manifest } = await backUp(made);
    for (const appendonly of [false, true]) {
      const folder = join(newFolder(), 'data');
      const into: RestorePlace = { ...PLACE, mode: 'into', into: folder };
      await made.store.preview(testCall(), manifest, into);
      for (let i = 0; i < 2; i++) await made.store.load(testCall(), backup.reader(manifest), into);
      for (let i = 0; i < 2; i++) await made.store.compare(testCall(), manifest, into);
      await made.store.cutover(testCall(), into);
      await expect(made.store.preview(testCall(), manifest, into)).rejects.toMatchObject({
        code: 'store.not-empty',
      });
      execFileSync('chmod', ['-R', 'a+rwX', dirname(folder)]);
      const other = await start({ server, appendonly, data: folder });
      expect(contents(other)).toBe(before);
    }
    expect(contents(redis)).toBe(before);
  });

  it('restores into another server that is empty, and refuses one that is not', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 100);
    const before = contents(redis);
    const { backup, manifest } = await backUp(made);
    const other = await start({ server, appendonly: true });
    const into: RestorePlace = { ...PLACE, mode: 'into', into: `127.0.0.1:${other.port}` };
    await made.store.preview(testCall(), manifest, into);
    for (let i = 0; i < 2; i++) await made.store.load(testCall(), backup.reader(manifest), into);
    for (let i = 0; i < 2; i++) await made.store.compare(testCall(), manifest, into);
    await made.store.cutover(testCall(), into);
    expect(contents(other)).toBe(before);
    expect(other.cli('CONFIG', 'GET', 'masterauth')).toBe('masterauth\n');
    await expect(made.store.preview(testCall(), manifest, into)).rejects.toMatchObject({
      code: 'store.not-empty',
    });
    await expect(made.store.load(testCall(), backup.reader(manifest), into)).rejects.toMatchObject({
      code: 'store.not-empty',
    });
    expect(await made.store.undo(testCall(), into)).toEqual([
      'nothing to do: the server is not of an unfinished restore',
    ]);
    expect(contents(other)).toBe(before);
  });

  it('proves a backup in a server of its own', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 100);
    const { backup, manifest } = await backUp(made);
    const scratch = await made.store.scratch(testCall(), manifest, newFolder());
    await scratch.store.load(testCall(), backup.reader(manifest), PLACE);
    expect(await scratch.store.compare(testCall(), manifest, PLACE)).toContain('content digest equal');
    await scratch.close();
    await expect(scratch.store.compare(testCall(), manifest, PLACE)).rejects.toMatchObject({
      code: 'store.blocked',
    });
  });

  it.each([false, true])(
    'can be restored by stock tools with the commands of its manifest (append-only: %s)',
    async (appendonly) => {
      const redis = await start({ server, appendonly });
      const made = make(redis);
      seed(redis, 100);
      const before = contents(redis);
      const { backup, manifest } = await backUp(made);
      redis.cli('FLUSHALL');
      const commands = made.store.escape(manifest, (stream) => `cat '${backup.path(stream)}'`);
      const cli = `'${server.replace(/-server$/, '-cli')}' -p ${redis.port}`;
      const env = { ...process.env, DATA: redis.data, STOP: `${cli} SHUTDOWN NOSAVE`, START: 'true' };
      execFileSync('bash', ['-c', commands.join('\n')], { env });
      await redis.start();
      expect(contents(redis)).toBe(before);
      expect(readdirSync(redis.data).some((name) => name.startsWith('replaced-'))).toBe(true);
    },
  );

  it('says in check what holds and what to do', async () => {
    const redis = await start({ server, config: ['save ""'] });
    const lines = await make(redis).store.check(testCall());
    const shown = Object.fromEntries(lines.map((line) => [line.what, line.status]));
    const rights = major(redis) >= 7 ? 'ok' : 'warning';
    expect(shown).toEqual({
      reach: 'ok',
      password: 'warning',
      rights,
      persistence: 'warning',
      'data folder': 'warning',
      'own server': 'ok',
      'scratch room': 'ok',
    });
    const remote = await make(redis, { onlyPort: true }).store.check(testCall());
    expect(remote.find((line) => line.what === 'data folder')?.message).toMatch(
      /^restores go by replication/,
    );
    const noTools = await make(redis, { config: { bin: '/nowhere' } }).store.check(testCall());
    expect(noTools).toMatchObject([{ what: 'reach', status: 'error' }]);
    expect(noTools[0]?.message).toMatch(/a tool is not installed/);
  });

  it('brings the RDB to the scratch folder of the worker, of which nothing stays, also of attempts that died', async () => {
    const redis = await start({ server });
    const made = make(redis);
    seed(redis, 10);
    const left = join(made.scratch, 'steady-tmp-redis-0123456789-abcdef');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'dump.rdb'), 'of a worker that was killed');
    const seen = new Set<string>();
    const look = (): void => readdirSync(made.scratch).forEach((name) => seen.add(name));
    const backup = rawBackup();
    cleanups.push(backup.remove);
    const watched = { ...testCall(), say: look };
    const manifest = backup.manifest('redis', await made.store.dump(watched, backup.writer));
    expect([...seen]).toEqual([expect.stringMatching(/^steady-tmp-redis-/)]);
    expect(existsSync(left)).toBe(false);
    expect(readdirSync(made.scratch)).toEqual([]);
    await made.store.readable(testCall(), backup.reader(manifest));
    expect(readdirSync(made.scratch)).toEqual([]);

    const abort = new AbortController();
    const call = {
      ...testCall(),
      signal: abort.signal,
      say: (line: string) => line.startsWith('loading') && abort.abort(),
    };
    const cancelled = rawBackup();
    cleanups.push(cancelled.remove);
    await expect(made.store.dump(call, cancelled.writer)).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(made.scratch)).toEqual([]);
    expect(readdirSync(cancelled.folder)).toEqual([]);
  });

  it('backs up and proves with a scratch folder that is too deep for a socket', async () => {
    const redis = await start({ server });
    const deep = join(newFolder(), 'deep'.repeat(30));
    const made = make(redis, { worker: { keep: newFolder(), scratch: deep } });
    seed(redis, 10);
    const { backup, manifest } = await backUp(made);
    const scratch = await made.store.scratch(testCall(), manifest, join(deep, 'proof'));
    await scratch.store.load(testCall(), backup.reader(manifest), PLACE);
    expect(await scratch.store.compare(testCall(), manifest, PLACE)).toContain('content digest equal');
    expect(statSync(join(deep, 'proof')).mode & 0o777).toBe(0o700);
    await scratch.close();
  });

  it('takes no backup where the scratch folder has no room for the RDB', async () => {
    const redis = await start({ server });
    // The real client in front of the real server, but of data that no disk of ours could take.
    const bin = newFolder();
    const cli = server.replace(/-server$/, '-cli');
    const huge = `s/^\\(used_memory\\|used_memory_dataset\\):[0-9]*/\\1:${2 ** 60}/`;
    const wrapper = join(bin, basename(cli));
    writeFileSync(wrapper, `#!/bin/sh\n${cli} "$@" | sed '${huge}'\n`, { mode: 0o755 });
    const made = make(redis, { config: { bin } });
    await expect(backUp(made)).rejects.toMatchObject({
      code: 'store.no-room',
      facts: {
        folder: expect.stringContaining(made.scratch) as string,
        free: expect.any(Number) as number,
        wanted: 2 ** 60,
        for: 'the RDB, before it is stored',
      },
    });
    expect(readdirSync(made.scratch)).toEqual([]);
    const line = (await made.store.check(testCall())).find(({ what }) => what === 'scratch room');
    expect(line?.status).toBe('warning');
    expect(line?.message).toContain(made.scratch);
  });

  it('restores in place as beside: what was there is kept, and an undo brings it back', async () => {
    const redis = await start({ server, appendonly: true });
    const made = make(redis);
    seed(redis, 100);
    const before = contents(redis);
    const { backup, manifest } = await backUp(made);
    redis.cli('FLUSHALL');
    redis.cli('SET', 'poison', 'yes');
    const place: RestorePlace = { ...PLACE, mode: 'in-place' };
    const preview = await made.store.preview(testCall(), manifest, place);
    expect(preview.keptAs).toBe(join(redis.data, KEPT));
    expect(preview.notes).toContain('in place is as beside here: files are replaced by renaming');
    for (let i = 0; i < 2; i++) await made.store.load(testCall(), backup.reader(manifest), place);
    expect(await made.store.compare(testCall(), manifest, place)).toContain('content digest equal');
    expect(redis.cli('GET', 'poison')).toBe('yes');
    for (let i = 0; i < 2; i++) await made.store.cutover(testCall(), place);
    expect(contents(redis)).toBe(before);
    for (let i = 0; i < 2; i++) await made.store.undo(testCall(), place, { finished: true });
    expect([redis.cli('GET', 'poison'), redis.cli('DBSIZE')]).toEqual(['yes', '1']);
    await made.store.release(testCall(), place);
    expect(readdirSync(redis.data).filter((name) => name.includes('steady'))).toEqual([]);
  });
});
