import { expect } from 'vitest';
import type { UnfinishedUpload } from '../../src/adapters/storage/port.js';
import type { Manifest } from '../../src/contracts/stored/manifest.js';
import type { PostgresService } from '../services/postgres.js';
import { seedSmall } from '../crash/rig/seeded-postgres.js';
import { createCrashStack, type CrashStack, type StackOptions } from '../crash/rig/stack.js';
import type { Answer } from '../crash/rig/steady.js';
import { readStored } from '../crash/rig/stored.js';
import { waitFor } from '../crash/rig/wait-for.js';

/** A stack on a server of its own, with a table that is large enough to be met while it is copied. */
export async function createFaultStack(
  server: PostgresService,
  options: Omit<StackOptions, 'stores' | 'server'> = {},
): Promise<CrashStack> {
  seedSmall(server);
  server.sql('postgres', `CREATE ROLE steady SUPERUSER LOGIN PASSWORD 'right'`);
  const as = { port: server.port, bin: server.bin, user: 'steady', password: 'right' };
  const stack = await createCrashStack({ stores: ['small'], server: as, ...options });
  server.sql(
    stack.database('small'),
    `CREATE TABLE bulk AS SELECT i AS id, repeat(md5(i::text), 4) AS body FROM generate_series(1, 400000) i;
     CREATE TABLE doomed AS SELECT i AS id FROM generate_series(1, 1000) i;
     CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM bulk`,
  );
  return stack;
}

/** Makes a table of 40 MB that no compression makes smaller: an upload of many parts. */
export const addNoise = (stack: CrashStack): Promise<string> =>
  stack.databases.sql(
    stack.database('small'),
    `CREATE TABLE noise AS SELECT ${Array.from({ length: 8 }, (_, at) => `gen_random_uuid() AS u${at}`).join(', ')}
     FROM generate_series(1, 320000)`,
  );
export const dropNoise = (stack: CrashStack): Promise<string> =>
  stack.databases.sql(stack.database('small'), 'DROP TABLE noise');

/** Uploads that were begun and not ended, as storage lists them. */
export async function unfinished(stack: CrashStack): Promise<UnfinishedUpload[]> {
  const uploads: UnfinishedUpload[] = [];
  for await (const upload of stack.stored.port.unfinished('')) uploads.push(upload);
  return uploads;
}

/** Waits until the large table is on its way to storage. */
export const copying = (stack: CrashStack): Promise<boolean> =>
  waitFor(
    'a table is copied',
    async () =>
      (await stack.databases.sql(
        'postgres',
        `SELECT count(*) FROM pg_stat_activity
         WHERE datname = '${stack.database('small')}' AND query LIKE 'COPY%bulk%' AND state = 'active'`,
      )) !== '0',
    { every: 2 },
  );

/** Ids of the backups that are listed, oldest first. */
export const listed = async (stack: CrashStack): Promise<string[]> =>
  (await stack.steady.cli('backup', 'list')).json.backups.map(({ id }) => id).sort();

/** A command that must end well; gives its document. */
export async function well(stack: CrashStack, ...args: string[]): Promise<Answer['json']> {
  const { code, json } = await stack.steady.cli(...args);
  expect([args.join(' '), code, json.error?.message]).toEqual([args.join(' '), 0, undefined]);
  return json;
}

/** The manifest of a backup, as it is stored. */
export const manifestOf = async (stack: CrashStack, id: string): Promise<Manifest> =>
  JSON.parse(String(await readStored(stack.stored.port, `manifests/small/${id}.json`))) as Manifest;
