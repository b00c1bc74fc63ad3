import { z } from 'zod';
import { oneOf } from '../one-of.js';
import { secretRefSchema } from '../secret.js';
import { tlsSchema } from './tls.js';
import { argvSchema, composeServiceSchema, durationSchema } from './units.js';

const place = {
  service: composeServiceSchema.optional().describe('compose service that holds it; tools run inside it'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('address for TCP when there is no service; left out: 127.0.0.1'),
};

const reader = z
  .strictObject({
    user: z.string().min(1).describe('an account that can change nothing'),
    password: secretRefSchema.optional().describe('read by workers of the role backup only'),
  })
  .optional()
  .describe('who reads the store for its backups (docs/permissions.md); left out: user');

const port = (number: number) => z.number().int().min(1).max(65_535).default(number).describe('TCP port');

/** Every server of PostgreSQL has these two (manual, chapter "Managing Databases"): one is never the store itself. */
const usualMaintenance = (database: string): string => (database === 'postgres' ? 'template1' : 'postgres');

const postgresFields = z.strictObject({
  ...place,
  port: port(5432),
  database: z.string().min(1).max(63).describe('the database'),
  user: z.string().min(1).describe('a role that owns it, or a superuser'),
  password: secretRefSchema.optional().describe('left out: pg_hba trust or peer'),
  reader,
  maintenanceDatabase: z
    .string()
    .min(1)
    .optional()
    .describe(
      'where administrative statements are run: another one than `database`; left out: postgres, and template1 for a store of postgres itself',
    ),
  tls: tlsSchema
    .optional()
    .describe('TLS with a server that is known by its certificate; for a host, on TCP (docs/stores.md)'),
  sslmode: z
    .enum(['disable', 'prefer', 'require'])
    .optional()
    .describe(
      'as libpq has it, without a look at the certificate; left out: prefer. To have it verified: tls',
    ),
  bin: z.string().optional().describe('folder of psql, pg_dump and pg_restore; left out: PATH'),
  jobs: z.number().int().min(1).max(16).default(2).describe('streams at a time'),
  lockTimeout: durationSchema.prefault('30s').describe('longest wait for a lock on a table'),
  digests: z.boolean().default(false).describe('content digest of each table in the manifest; costs a scan'),
  checks: z.array(z.string()).default([]).describe('SQL that must answer true on a restored copy'),
  proof: z
    .enum(['throwaway', 'live-server'])
    .default('throwaway')
    .describe(
      'where proofs of depth restored load: a throwaway server, or a database of its own on the live server, which bears the load',
    ),
});

export const postgresStoreSchema = postgresFields.transform((given) => ({
  ...given,
  maintenanceDatabase: given.maintenanceDatabase ?? usualMaintenance(given.database),
}));
export type PostgresStoreConfig = z.infer<typeof postgresStoreSchema>;

export const redisStoreSchema = z.strictObject({
  ...place,
  port: port(6379),
  user: z.string().optional().describe('ACL user; left out: default'),
  password: secretRefSchema.optional().describe('left out: none is asked'),
  reader,
  tls: tlsSchema
    .optional()
    .describe('rediss; with a service its files are named as the container has them (docs/stores.md)'),
  data: z
    .string()
    .optional()
    .describe('data folder as the worker or the container sees it; left out: CONFIG GET dir'),
  process: z
    .strictObject({
      start: argvSchema.describe('argv list that starts the server'),
      stop: argvSchema.optional().describe('argv list that stops it; left out: SHUTDOWN'),
    })
    .optional()
    .describe('without a service: how the server is started and stopped'),
  bin: z.string().optional().describe('folder of redis-cli and redis-server; left out: PATH'),
});
export type RedisStoreConfig = z.infer<typeof redisStoreSchema>;

export const volumeStoreSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a folder on the worker, absolute or relative to the stack file, that holds data only: neither the stack file nor storage',
    ),
  volume: z.string().min(1).optional().describe('a named volume of the runtime, by its full name'),
  exclude: z.array(z.string()).default([]).describe('tar patterns left out'),
});
export type VolumeStoreConfig = z.infer<typeof volumeStoreSchema>;

export const storeSchema = oneOf('a store', {
  postgres: postgresStoreSchema.describe('a PostgreSQL database'),
  redis: redisStoreSchema.describe('a Redis or Valkey server'),
  files: volumeStoreSchema.describe('a folder or a named volume; its services are stopped meanwhile'),
});
export type StoreConfig = z.infer<typeof storeSchema>;
export type StoreKind = keyof StoreConfig;

/** The account of its own that reads the store for backups, where it has one. */
export function readerOf(store: StoreConfig) {
  return store.postgres?.reader ?? store.redis?.reader;
}

/** Whether whoever writes to the store is stopped while it is backed up: a folder has no snapshot of its own. */
export function needsQuiet(store: StoreConfig): boolean {
  return store.files !== undefined;
}
