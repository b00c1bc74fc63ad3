import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres } from '../../test/services/postgres.js';
import { startRedis } from '../../test/services/redis.js';
import type { Place } from './place.js';

/** PostgreSQL and Redis as processes of this machine, backups in a folder. */
export async function startHostPlace(folder: string): Promise<Place> {
  const backups = join(folder, 'backups');
  await mkdir(backups);
  const [postgres, redis] = await Promise.all([
    startPostgres({ settings: { fsync: 'on', max_wal_size: '2GB' } }),
    startRedis({ appendonly: true, config: ['enable-debug-command local', 'repl-diskless-sync-delay 0'] }),
  ]);
  postgres.tool('createdb', ['shop']);
  const db = `host: 127.0.0.1, port: ${postgres.port}, database: shop, user: ${postgres.user}, password: { env: POSTGRES_PASSWORD }, bin: ${postgres.bin}`;
  return {
    title: 'processes of this machine, backups in a folder',
    env: { POSTGRES_PASSWORD: postgres.password },
    limitSeconds: 300,
    yaml: {
      runtime: '{ host: {} }',
      storage: '{ directory: { path: backups } }',
      db,
      cache: `host: 127.0.0.1, port: ${redis.port}, bin: ${redis.bin}, data: ${redis.data}, process: { start: ${JSON.stringify(redis.startArgv)} }`,
      services: '{}',
    },
    sql: (statement) =>
      postgres
        .tool('psql', ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-c', statement], { database: 'shop' })
        .toString()
        .trim(),
    feed: (commands) => redis.feed(commands),
    ask: (...command) => redis.cli(...command),
    storedBytes: () => sizeOf(backups),
    async end() {
      await redis.stop();
      await postgres.stop();
    },
  };
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
