import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { BackupReader, RestorePlace } from '../../../../src/adapters/stores/port.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import { startRedis, type RedisService, type StartRedisOptions } from '../../../services/redis.js';
import { rawBackup, testCall } from '../files/raw-backup.js';
import { someRedis } from '../versions.js';
import { contents, makeStore, seed, type Made, type MakeOptions } from './sample.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: StartRedisOptions): Promise<RedisService> {
  const redis = await startRedis({ ...options, config: ['repl-diskless-sync-delay 0'] });
  cleanups.push(() => redis.stop());
  return redis;
}

/** The worker knows no more than the server's port: neither its files nor how to stop it. */
function make(redis: RedisService, options: MakeOptions = {}): Made {
  const made = makeStore(redis, { ...options, onlyPort: true });
  cleanups.push(made.remove);
  return made;
}

interface Rig {
  readonly redis: RedisService;
  readonly made: Made;
  readonly manifest: Manifest;
  readonly reader: BackupReader;
  /** Contents at the backup; since then the server holds the key `poison` and nothing else. */
  readonly before: string;
  /** The folder kept on the worker. */
  readonly folder: string;
}

async function rig(server: string, password?: string): Promise<Rig> {
  const redis = await start({ server, ...(password !== undefined && { password }) });
  const made = make(redis, { password });
  seed(redis, 200);
  const before = contents(redis);
  const backup = rawBackup();
  cleanups.push(backup.remove);
  const manifest = backup.manifest('redis', await made.store.dump(testCall(), backup.writer));
  redis.cli('FLUSHALL');
  redis.cli('SET', 'poison', 'yes');
  const folder = join(made.keep, 'cache-k7q2m9xd');
  return { redis, made, manifest, reader: backup.reader(manifest), before, folder };
}

async function cutOver({ made, reader, manifest }: Rig, place = PLACE): Promise<void> {
  await made.store.load(testCall(), reader, place);
  await made.store.compare(testCall(), manifest, place);
  await made.store.cutover(testCall(), place);
}

const phaseIn = (folder: string): unknown =>
  (JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as { phase: unknown }).phase;

function setPhase(folder: string, phase: string): void {
  const state = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ ...state, phase }));
}

/** Keys of a server that starts from this RDB. */
async function keysIn(server: string, rdb: string): Promise<string[]> {
  const data = mkdtempSync(join(tmpdir(), 'steady-look-'));
  cleanups.push(() => rmSync(data, { recursive: true, force: true }));
  copyFileSync(rdb, join(data, 'dump.rdb'));
  // The server runs as a user of its own.
  chmodSync(join(data, 'dump.rdb'), 0o644);
  const redis = await startRedis({ server, data, config: ['save ""'] });
  try {
    return redis.cli('KEYS', '*').split('\n').sort();
  } finally {
    await redis.stop();
  }
}

/** A call that dies where this is said. */
const dyingAt = (words: string) => ({
  ...testCall(),
  say: (line: string) => {
    if (line.includes(words)) throw new Error(`died: ${line}`);
  },
});

describe.each(someRedis())('a restore by replication, $title', ({ server }) => {
  it.each(['beside', 'in-place'] as const)(
    'loads, compares, switches, switches back and lets go, each phase twice (%s)',
    async (mode) => {
      const one = await rig(server, 'secret-word');
      const { redis, made, manifest, reader, before, folder } = one;
      const place: RestorePlace = { ...PLACE, mode };
      const preview = await made.store.preview(testCall(), manifest, place);
      expect(preview).toMatchObject({ stopsStore: false, keptAs: join(folder, 'safety.rdb') });
      expect(preview.notes).toEqual([
        'by replication, because neither a service nor process commands are given',
        `unencrypted copies of the data are kept in ${folder} on the worker until the hold ends; only its user can read them`,
        ...(mode === 'in-place' ? ['in place is as beside here: an RDB of the live data is kept'] : []),
      ]);
      for (let i = 0; i < 2; i++) await made.store.load(testCall(), reader, place);
      for (let i = 0; i < 2; i++) await made.store.compare(testCall(), manifest, place);
      expect(redis.cli('GET', 'poison')).toBe('yes');
      for (let i = 0; i < 2; i++) {
        const { notes } = await made.store.cutover(testCall(), place);
        expect(notes).toEqual([
          `the replaced data are kept in ${preview.keptAs} on the worker ${hostname()}`,
        ]);
      }
      expect(contents(redis)).toBe(before);
      expect(redis.cli('ROLE').split('\n')[0]).toBe('master');
      expect(redis.cli('CONFIG', 'GET', 'masterauth')).toBe('masterauth\n');
      expect(readdirSync(folder).sort()).toEqual(['safety.rdb', 'state.json']);
      for (const path of [made.keep, folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
      for (let i = 0; i < 2; i++) await made.store.undo(testCall(), place, { finished: true });
      expect([redis.cli('GET', 'poison'), redis.cli('DBSIZE')]).toEqual(['yes', '1']);
      expect(redis.cli('CONFIG', 'GET', 'masterauth')).toBe('masterauth\n');
      expect(await made.store.release(testCall(), place)).toEqual([`removed ${folder}`]);
      expect((await made.store.release(testCall(), place))[0]).toMatch(/^nothing to do/);
      expect(readdirSync(made.keep)).toEqual([]);
    },
  );

  it('keeps what was written since the cut-over when it is undone, and tells where', async () => {
    const one = await rig(server);
    const { redis, made, folder } = one;
    await cutOver(one);
    redis.cli('SET', 'written-since', 'yes');
    const undone = join(folder, 'undone.rdb');
    const told = `what was live until then is kept in ${undone} on the worker ${hostname()}`;
    expect(await made.store.undo(testCall(), PLACE)).toContain(told);
    expect(redis.cli('KEYS', '*')).toBe('poison');
    expect(await made.store.undo(testCall(), PLACE)).toEqual(['switched back already', told]);
    expect(readdirSync(folder).sort()).toEqual(['state.json', 'undone.rdb']);
    expect(await keysIn(server, undone)).toEqual(expect.arrayContaining(['key:7', 'written-since']));
    await expect(made.store.cutover(testCall(), PLACE)).rejects.toMatchObject({
      code: 'store.blocked',
      facts: { folder, says: 'it was undone' },
    });
    await expect(made.store.load(testCall(), one.reader, PLACE)).rejects.toMatchObject({
      code: 'store.blocked',
    });
    await made.store.release(testCall(), PLACE);
    expect(existsSync(folder)).toBe(false);
  });

  it('takes up an undo that died at each of its steps, and keeps the same data aside', async () => {
    const one = await rig(server);
    const { redis, made, folder } = one;
    const undone = join(folder, 'undone.rdb');
    const undo = () => made.store.undo(testCall(), PLACE);
    await cutOver(one);
    redis.cli('SET', 'written-since', 'yes');
    const kept = join(made.keep, 'copy');
    cpSync(folder, kept, { recursive: true });

    // While the RDB of what is live was on its way.
    await expect(made.store.undo(dyingAt('keeping an RDB'), PLACE)).rejects.toThrow(/^died/);
    writeFileSync(`${undone}.new`, 'half an RDB');
    expect(phaseIn(folder)).toBe('switched');
    // Before the server was told: it goes on as it was, and what it is given meanwhile is kept as well.
    await expect(made.store.undo(dyingAt('takes the data over'), PLACE)).rejects.toThrow(/^died/);
    expect(phaseIn(folder)).toBe('switched');
    redis.cli('SET', 'written-between', 'yes');
    await undo();
    expect(redis.cli('KEYS', '*')).toBe('poison');
    const first = readFileSync(undone);
    expect(await keysIn(server, undone)).toEqual(
      expect.arrayContaining(['key:7', 'written-between', 'written-since']),
    );

    // Told to take the data, whether or not it took them: what is live now must not replace what was kept.
    copyFileSync(join(kept, 'safety.rdb'), join(folder, 'safety.rdb'));
    setPhase(folder, 'undoing');
    redis.cli('FLUSHALL');
    await undo();
    expect(redis.cli('KEYS', '*')).toBe('poison');
    expect(readFileSync(undone).equals(first)).toBe(true);

    // Done, but for what is no longer needed.
    copyFileSync(join(kept, 'safety.rdb'), join(folder, 'safety.rdb'));
    await undo();
    expect(readdirSync(folder).sort()).toEqual(['state.json', 'undone.rdb']);
  });

  it('keeps what is live or does not undo; only a restore that failed is undone without it', async () => {
    const one = await rig(server);
    const { redis, made, folder } = one;
    await cutOver(one);
    // Nothing can be kept under this name.
    mkdirSync(join(folder, 'undone.rdb.new'));
    redis.cli('SET', 'since', 'the cut-over');
    await expect(made.store.undo(testCall(), PLACE, { finished: true })).rejects.toThrow(/undone\.rdb/);
    expect(redis.cli('GET', 'since')).toBe('the cut-over');
    expect([redis.cli('ROLE').split('\n')[0], phaseIn(folder)]).toEqual(['master', 'switched']);
    const compensation = testCall();
    const found = await made.store.undo(compensation, PLACE);
    expect(found).toEqual([
      'switched back: the data from before the cut-over are live',
      'what was live until then is not kept: it is what was restored',
    ]);
    expect(compensation.lines.join('\n')).toContain('what was restored is not kept: ');
    expect(redis.cli('KEYS', '*')).toBe('poison');
  });

  it('says that the live data were not touched when the server was never given anything', async () => {
    const { redis, made, reader, folder } = await rig(server);
    await made.store.load(testCall(), reader, PLACE);
    await expect(made.store.cutover(dyingAt('takes the data over'), PLACE)).rejects.toThrow(/^died/);
    expect(phaseIn(folder)).toBe('loaded');
    expect(redis.cli('KEYS', '*')).toBe('poison');
    expect(redis.cli('ROLE').split('\n')[0]).toBe('master');
    expect(await made.store.undo(testCall(), PLACE)).toEqual([
      'removed what was loaded on the worker; the live data were not touched',
    ]);
    expect(existsSync(folder)).toBe(false);
  });

  it('takes up a cut-over that died once the server had the data', async () => {
    const one = await rig(server);
    const { redis, made, reader, folder, before } = one;
    await cutOver(one);
    const safety = readFileSync(join(folder, 'safety.rdb'));
    // As the last attempt left it: its end was not written down, and the RDB was there.
    const spare = make(redis);
    await spare.store.load(testCall(), reader, PLACE);
    copyFileSync(join(spare.keep, 'cache-k7q2m9xd', 'restored.rdb'), join(folder, 'restored.rdb'));
    setPhase(folder, 'safe');
    await made.store.cutover(testCall(), PLACE);
    expect(contents(redis)).toBe(before);
    expect(readFileSync(join(folder, 'safety.rdb')).equals(safety)).toBe(true);
    await made.store.undo(testCall(), PLACE);
    expect(redis.cli('KEYS', '*')).toBe('poison');
  });

  it('on a worker where nothing is kept, an undo is no success once the server may have changed', async () => {
    const one = await rig(server);
    const { redis } = one;
    await cutOver(one);
    const live = contents(redis);
    const other = make(redis);
    const folder = join(other.keep, 'cache-k7q2m9xd');
    for (const given of [undefined, { finished: false }, { finished: true }]) {
      await expect(other.store.undo(testCall(), PLACE, given)).rejects.toMatchObject({
        code: 'store.gone',
        facts: { folder, worker: hostname() },
      });
    }
    // Nor may what is kept be taken for nothing.
    await expect(other.store.kept(testCall(), PLACE)).rejects.toMatchObject({ code: 'store.gone' });
    for (const phase of ['compare', 'cutover'] as const) {
      const work =
        phase === 'compare'
          ? other.store.compare(testCall(), one.manifest, PLACE)
          : other.store.cutover(testCall(), PLACE);
      await expect(work).rejects.toMatchObject({
        code: 'store.blocked',
        facts: { folder, worker: hostname(), says: 'nothing is loaded on this worker' },
      });
    }
    expect((await other.store.release(testCall(), PLACE))[0]).toContain(hostname());
    expect(contents(redis)).toBe(live);
    expect(existsSync(join(one.folder, 'safety.rdb'))).toBe(true);
  });

  it('an undo where no load ever ran finds nothing to do', async () => {
    const redis = await start({ server });
    const { store } = make(redis);
    // The server tells it by itself while it is known to have run since before the restore...
    const later: RestorePlace = { ...PLACE, at: new Date(Date.now() + 3_600_000).toISOString() };
    expect(await store.undo(testCall(), later)).toEqual([
      'nothing to do: the server has replicated from nobody since before the restore',
    ]);
    // ...but not after a restart...
    const earlier: RestorePlace = { ...PLACE, at: new Date(Date.now() - 3_600_000).toISOString() };
    await expect(store.undo(testCall(), earlier)).rejects.toMatchObject({ code: 'store.gone' });
    // ...nor once it was a replica, of whomever.
    redis.cli('REPLICAOF', 'NO', 'ONE');
    await expect(store.undo(testCall(), later)).rejects.toMatchObject({ code: 'store.gone' });
    // Whoever knows that no cut-over was begun need not ask.
    const known = { finished: false, begun: false };
    await redis.kill();
    expect(await store.undo(testCall(), earlier, known)).toEqual([
      'nothing to do: the cut-over was not begun',
    ]);
  });

  it('a load that was killed leaves what an undo finds, and nothing that is switched to', async () => {
    const { redis, made, reader, manifest, folder } = await rig(server);
    const broken: BackupReader = {
      ...reader,
      stream: () => {
        writeFileSync(join(folder, 'restored.rdb'), 'half of it');
        return Promise.reject(new Error('killed'));
      },
    };
    await expect(made.store.load(testCall(), broken, PLACE)).rejects.toThrow('killed');
    for (const work of [
      () => made.store.compare(testCall(), manifest, PLACE),
      () => made.store.cutover(testCall(), PLACE),
    ])
      await expect(work()).rejects.toMatchObject({
        code: 'store.blocked',
        facts: { says: 'the load has not ended' },
      });
    await made.store.undo(testCall(), PLACE);
    expect(existsSync(folder)).toBe(false);
    expect(redis.cli('KEYS', '*')).toBe('poison');
  });

  it('refuses before anything is touched where the worker has no room for the copies', async () => {
    const { made, manifest, reader, folder } = await rig(server);
    const streams = manifest.streams.map((stream) => ({ ...stream, rawBytes: 2 ** 60 }));
    const huge = { ...manifest, streams };
    const noRoom = { code: 'store.no-room', facts: { folder, for: expect.any(String) as string } };
    await expect(made.store.preview(testCall(), huge, PLACE)).rejects.toMatchObject(noRoom);
    await expect(made.store.load(testCall(), { ...reader, manifest: huge }, PLACE)).rejects.toMatchObject(
      noRoom,
    );
  });

  it('closes a folder to others that somebody has made before', async () => {
    const { made, reader, folder } = await rig(server);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    await made.store.load(testCall(), reader, PLACE);
    for (const path of [made.keep, folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
  });
});
