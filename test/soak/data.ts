import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE_DIGEST } from '../crash/rig/cache-digest.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { treeDigest } from '../crash/rig/tree-digest.js';
import type { RedisService } from '../services/redis.js';

export const STORES = ['small', 'uploads', 'cache'] as const;
export type Store = (typeof STORES)[number];

/** The live data of a store, and a place beside them. */
export interface StoreData {
  /** Changes something, so that no two backups are alike. */
  change(): Promise<unknown>;
  /** What is live, as one text: equal only when all data are. */
  digest(): Promise<string>;
  /** For `restore --into`; empty before and, once cleared, after. */
  readonly place: string;
  placed(): Promise<string>;
  clear(): Promise<unknown>;
}

export function createData(of: {
  readonly stack: CrashStack;
  readonly live: RedisService;
  /** An empty server. */
  readonly spare: RedisService;
}): Readonly<Record<Store, StoreData>> {
  const { stack, live, spare } = of;
  const database = stack.database('small');
  const copy = `${database}_copy`;
  const uploads = join(stack.folder, 'uploads');
  const folder = join(stack.folder, 'copy of uploads');
  live.cli('EVAL', `for i = 1, 500 do redis.call('SET', 'key:' .. i, ('value ' .. i):rep(20)) end`, '0');
  let changes = 0;
  const later = async <T>(look: () => T): Promise<T> => look();
  return {
    small: {
      change: () =>
        stack.databases.sql(
          database,
          `UPDATE orders SET note = md5('${++changes}' || id) WHERE id % 50 = ${changes % 50}; SELECT nextval('invoices')`,
        ),
      digest: () => stack.databases.digest(database),
      place: copy,
      placed: () => stack.databases.digest(copy),
      clear: () => stack.databases.sql('postgres', `DROP DATABASE IF EXISTS ${copy} WITH (FORCE)`),
    },
    uploads: {
      change: () => later(() => writeFileSync(join(uploads, 'changed.txt'), `change ${++changes}`)),
      digest: () => later(() => treeDigest(uploads)),
      place: folder,
      placed: () => later(() => treeDigest(folder)),
      clear: () => later(() => rmSync(folder, { recursive: true, force: true })),
    },
    cache: {
      change: () => later(() => live.cli('SET', `key:${changes % 500}`, `change ${++changes}`)),
      digest: () => later(() => live.cli('EVAL', CACHE_DIGEST, '0')),
      place: `127.0.0.1:${spare.port}`,
      placed: () => later(() => spare.cli('EVAL', CACHE_DIGEST, '0')),
      clear: () => later(() => spare.cli('FLUSHALL')),
    },
  };
}
