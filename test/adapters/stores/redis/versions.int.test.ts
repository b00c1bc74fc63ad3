import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestorePlace } from '../../../../src/adapters/stores/port.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import { startRedis, type RedisService } from '../../../services/redis.js';
import { rawBackup, testCall, type RawBackup } from '../files/raw-backup.js';
import { allRedis, type RedisVersionHere } from '../versions.js';
import { makeStore, seed, values, type Made } from './sample.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };

/**
 * Which RDB a server reads: its own product's of the same version or older. Valkey forked from Redis 7.2, whose format
 * is the last they share, so Redis before that goes into Valkey and Valkey 8 into Redis 8, but not the other way round.
 */
function reads(to: RedisVersionHere, from: RedisVersionHere): boolean {
  if (from.product === to.product) return from.major <= to.major;
  return from.product === 'redis' ? from.major <= 7 : to.major >= 8;
}

interface Running extends RedisVersionHere {
  readonly redis: RedisService;
  readonly made: Made;
  readonly backup: RawBackup;
  readonly manifest: Manifest;
  readonly before: string;
}

const versions = allRedis();
const pairs = versions.flatMap((from) => versions.filter((to) => to !== from).map((to) => ({ from, to })));

describe('Redis and Valkey of several versions', () => {
  const all = new Map<string, Running>();
  const of = (version: RedisVersionHere): Running => all.get(version.title) as Running;

  beforeAll(async () => {
    for (const version of versions) {
      const redis = await startRedis({ server: version.server, config: ['repl-diskless-sync-delay 0'] });
      // What is common to all: functions came with 7.
      seed(redis, 200);
      if (version.major >= 7) redis.cli('FUNCTION', 'FLUSH');
      const made = makeStore(redis);
      const backup = rawBackup();
      const manifest = backup.manifest('redis', await made.store.dump(testCall(), backup.writer));
      all.set(version.title, { ...version, redis, made, backup, manifest, before: values(redis) });
    }
  });
  afterAll(async () => {
    for (const { redis, made, backup } of all.values()) {
      await redis.stop();
      made.remove();
      backup.remove();
    }
  });

  it.each(pairs.filter(({ from, to }) => reads(to, from)))(
    'takes a backup of $from.title into $to.title, value for value',
    async ({ from, to }) => {
      const { made, redis } = of(to);
      const { backup, manifest, before } = of(from);
      redis.cli('SET', 'poison', 'yes');
      await made.store.preview(testCall(), manifest, PLACE);
      await made.store.load(testCall(), backup.reader(manifest), PLACE);
      await made.store.compare(testCall(), manifest, PLACE);
      await made.store.cutover(testCall(), PLACE);
      expect(values(redis)).toBe(before);
      await made.store.undo(testCall(), PLACE);
      expect(redis.cli('GET', 'poison')).toBe('yes');
      await made.store.release(testCall(), PLACE);
      redis.cli('DEL', 'poison');
    },
  );

  it.each(pairs.filter(({ from, to }) => !reads(to, from)))(
    'refuses a backup of $from.title for $to.title before anything stops, and rightly',
    async ({ from, to }) => {
      const { made, redis, before, server } = of(to);
      const { backup, manifest } = of(from);
      const pid = (): string => /process_id:\d+/.exec(redis.cli('INFO', 'server'))?.[0] ?? '';
      const running = pid();
      await expect(made.store.preview(testCall(), manifest, PLACE)).rejects.toMatchObject({
        code: 'store.too-new',
        retryable: false,
      });
      expect(pid()).toBe(running);
      expect(values(redis)).toBe(before);
      expect(readdirSync(redis.data).filter((name) => name.includes('steady'))).toEqual([]);
      // That server really does not start on this file.
      const other = await startRedis({ server });
      try {
        await other.kill();
        copyFileSync(backup.path('rdb'), join(other.data, 'dump.rdb'));
        const [program = '', ...args] = other.startArgv;
        const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
        expect(stdout).toMatch(/Can't handle RDB format|Fatal error loading the DB/);
        expect(status).toBe(1);
      } finally {
        await other.stop();
      }
    },
  );
});
