import { z } from 'zod';
import { oneOf } from '../one-of.js';
import { nameSchema } from '../names.js';
import { secretRefSchema } from '../secret.js';
import { argvSchema, durationSchema } from './units.js';

const place = {
  service: nameSchema.optional().describe('compose service that holds it; tools run inside it'),
  host: z.string().optional().describe('address for TCP when there is no service; default 127.0.0.1'),
};

export const postgresStoreSchema = z.strictObject({
  ...place,
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1).max(63),
  user: z.string().min(1),
  password: secretRefSchema.optional().describe('left out: pg_hba trust or peer'),
  maintenanceDatabase: z.string().default('postgres').describe('where administrative statements are run'),
  sslmode: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']).optional(),
  bin: z.string().optional().describe('folder of psql, pg_dump and pg_restore; default: PATH'),
  jobs: z.number().int().min(1).max(16).default(2).describe('streams at a time'),
  lockTimeout: durationSchema.prefault('30s'),
  digests: z.boolean().default(false).describe('content digest of each table in the manifest; costs a scan'),
  checks: z.array(z.string()).default([]).describe('SQL that must answer true on a restored copy'),
});
export type PostgresStoreConfig = z.infer<typeof postgresStoreSchema>;

export const redisStoreSchema = z.strictObject({
  ...place,
  port: z.number().int().min(1).max(65_535).default(6379),
  user: z.string().optional(),
  password: secretRefSchema.optional(),
  data: z.string().optional().describe('data folder as the worker or the container sees it; default: CONFIG GET dir'),
  process: z
    .strictObject({ start: argvSchema, stop: argvSchema.optional() })
    .optional()
    .describe('without a service: how the server is started; stopped by SHUTDOWN when stop is left out'),
  bin: z.string().optional().describe('folder of redis-cli and redis-server; default: PATH'),
});
export type RedisStoreConfig = z.infer<typeof redisStoreSchema>;

export const volumeStoreSchema = z.strictObject({
  path: z.string().optional().describe('a folder on the worker'),
  volume: z.string().optional().describe('a named volume of the runtime, by its full name'),
  exclude: z.array(z.string()).default([]).describe('tar patterns left out'),
});
export type VolumeStoreConfig = z.infer<typeof volumeStoreSchema>;

export const storeSchema = oneOf('a store', {
  postgres: postgresStoreSchema,
  redis: redisStoreSchema,
  files: volumeStoreSchema,
});
export type StoreConfig = z.infer<typeof storeSchema>;
export type StoreKind = keyof StoreConfig;
