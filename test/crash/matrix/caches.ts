import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DEFAULT_KEEP } from '../../../src/adapters/stores/redis/context.js';
import { startRedis, type RedisService } from '../../services/redis.js';
import { CACHE_DIGEST } from '../rig/cache-digest.js';

/** Two Redis servers: one that is restored by its files, stopped and started; one by replication. */
export interface Caches {
  /** As the stack file has them, by name. */
  readonly stores: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  contents(): string;
  spoil(): void;
  heal(): void;
  /** Only what a restore or an undo keeps is beside the live data. */
  expectNothingLeft(): void;
  stop(): Promise<void>;
}

const READER = 'steady_reader';
const ACL = new URL('../../../examples/policies/redis/reader.acl', import.meta.url);
const FILL = `for i = 1, 200 do redis.call('SET', 'key:' .. i, ('value ' .. i):rep(20)) end`;

export async function startCaches(): Promise<Caches> {
  const password = randomBytes(8).toString('hex');
  const reader = readFileSync(ACL, 'utf8').trim().replace('PASSWORD', password);
  const [cache, mirror] = await Promise.all([
    startRedis({ guarded: true, users: [reader] }),
    startRedis({ config: ['repl-diskless-sync-delay 0'] }),
  ]);
  // What a restore by replication keeps lies in one folder for all stacks of this machine: ours is known by its name.
  const mirrorName = `mirror-${randomBytes(4).toString('hex')}`;
  const both: readonly RedisService[] = [cache, mirror];
  const keptByMirror = (): string[] => namesIn(DEFAULT_KEEP).filter((name) => name.startsWith(mirrorName));
  const caches: Caches = {
    stores: {
      cache: `{ redis: { port: ${cache.port}, bin: ${cache.bin}, reader: { user: ${READER}, password: { env: CACHE_READER } }, process: { start: ${JSON.stringify(cache.startArgv)} } } }`,
      [mirrorName]: `{ redis: { port: ${mirror.port}, bin: ${mirror.bin} } }`,
    },
    env: { CACHE_READER: password },
    contents: () => both.map((one) => one.cli('EVAL', CACHE_DIGEST, '0')).join(' '),
    spoil: () => both.forEach((one) => one.feed('DEL key:1\nSET key:2 changed\nSET more yes\n')),
    heal: () =>
      both.forEach((one) => {
        one.cli('FLUSHALL');
        one.cli('EVAL', FILL, '0');
      }),
    expectNothingLeft() {
      const beside = namesIn(cache.data).filter((name) => name.includes('steady'));
      expect(beside.filter((name) => !/^steady-(old|undone)-\d{8}-[0-9a-z]{8}$/.test(name))).toEqual([]);
      const kept = keptByMirror().flatMap((name) => namesIn(join(DEFAULT_KEEP, name)));
      expect(kept.filter((name) => !['state.json', 'safety.rdb', 'undone.rdb'].includes(name))).toEqual([]);
    },
    async stop() {
      await Promise.all(both.map((one) => one.stop()));
      for (const name of keptByMirror()) rmSync(join(DEFAULT_KEEP, name), { recursive: true, force: true });
    },
  };
  caches.heal();
  return caches;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}
