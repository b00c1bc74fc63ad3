import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RestorePlace } from '../../../../src/adapters/stores/port.js';
import { startRedis, type RedisService } from '../../../services/redis.js';
import { rawBackup, testCall, type RawBackup } from '../files/raw-backup.js';
import { contents, major, makeStore, seed, type Made } from './sample.js';
import { someRedis } from '../versions.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(
  options: Parameters<typeof startRedis>[0] = {},
  password?: string,
): Promise<{ redis: RedisService; made: Made; backup: RawBackup }> {
  const redis = await startRedis({ ...options, ...(password !== undefined && { password }) });
  const made = makeStore(redis, { password });
  const backup = rawBackup();
  cleanups.push(() => redis.stop(), made.remove, backup.remove);
  return { redis, made, backup };
}

describe.each(someRedis())('Redis store on $title', ({ server }) => {
  it.each([
    { form: 'RDB only', appendonly: false },
    { form: 'append-only', appendonly: true },
  ])('backs up and restores beside, each phase twice: $form', async ({ appendonly }) => {
    const { redis, made, backup } = await setUp({ server, appendonly }, 'a "päss" word');
    const { store } = made;
    seed(redis);
    const before = contents(redis);

    const dump = await store.dump(testCall(), backup.writer);
    expect(dump.method).toBe('rdb (replication stream)');
    expect(dump.facts.counts).toEqual({ db0: 2011, db3: 1, db15: 1 });
    expect(dump.facts.atMost).toEqual({ 'db0 with expiry': 2, 'db3 with expiry': 1 });
    expect(dump.facts.digests['keys without expiry']).toMatch(/^[0-9a-f]{40}$/);
    if (major(redis) >= 7) expect(dump.facts.names['functions']).toEqual(['mylib']);
    expect(Math.abs(Date.now() - Date.parse(dump.takenAt))).toBeLessThan(30_000);
    expect(dump.streams.map((stream) => stream.name)).toEqual(['rdb', 'acl', 'config']);
    expect(JSON.stringify(dump)).not.toContain('päss');

    const manifest = backup.manifest('redis', dump);
    const reader = backup.reader(manifest);
    expect(await store.readable(testCall(), reader)).toContain(
      'redis-check-rdb read the RDB to its end: 2016 keys',
    );

    redis.cli('FLUSHALL');
    redis.cli('SET', 'poison', 'yes');
    const preview = await store.preview(testCall(), manifest, PLACE);
    expect(preview.stopsStore).toBe(true);
    expect(preview.live?.facts.counts).toEqual({ db0: 1 });
    expect(preview.keptAs).toBe(join(redis.data, 'steady-old-20261122-k7q2m9xd'));

    for (let i = 0; i < 2; i++) await store.load(testCall(), reader, PLACE);
    expect(redis.cli('GET', 'poison')).toBe('yes');
    for (let i = 0; i < 2; i++) {
      expect(await store.compare(testCall(), manifest, PLACE)).toContain('content digest equal');
    }
    const cut = await store.cutover(testCall(), PLACE);
    expect(contents(redis)).toBe(before);
    if (major(redis) >= 7) expect(redis.cli('FCALL', 'hello', '0')).toBe('hi');
    expect(redis.cli('CONFIG', 'GET', 'appendonly')).toBe(`appendonly\n${appendonly ? 'yes' : 'no'}`);
    expect(await store.cutover(testCall(), PLACE)).toEqual({
      gapSeconds: cut.gapSeconds,
      notes: ['switched already'],
    });
    expect(cut.gapSeconds).toBeLessThan(30);

    // It stays there over a restart, and new writes do too.
    redis.cli('SET', 'after', 'restore');
    if (!appendonly) redis.cli('SAVE');
    await redis.kill();
    await redis.start();
    expect(redis.cli('GET', 'after')).toBe('restore');
    redis.cli('DEL', 'after');
    expect(contents(redis)).toBe(before);
    redis.cli('SET', 'after', 'restore');

    const owner = statSync(redis.data).uid;
    for (const name of readdirSync(redis.data, { recursive: true, encoding: 'utf8' })) {
      if (!name.startsWith('steady-old'))
        expect([name, statSync(join(redis.data, name)).uid]).toEqual([name, owner]);
    }

    expect((await store.undo(testCall(), PLACE))[0]).toMatch(
      /^switched back; writes since the cut-over are kept in /,
    );
    expect(redis.cli('GET', 'poison')).toBe('yes');
    expect(redis.cli('DBSIZE')).toBe('1');
    expect((await store.undo(testCall(), PLACE))[0]).toMatch(/^switched back already/);
    expect(redis.cli('GET', 'poison')).toBe('yes');

    expect((await store.release(testCall(), PLACE))[0]).toMatch(/^removed .*steady-undone/);
    expect((await store.release(testCall(), PLACE))[0]).toMatch(/^nothing to do/);
    expect(readdirSync(redis.data).filter((name) => name.includes('steady'))).toEqual([]);
    expect(redis.cli('GET', 'poison')).toBe('yes');
  });
});
