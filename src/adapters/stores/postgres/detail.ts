import { z } from 'zod';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { readDetailOf } from '../read-detail.js';

/** How a table's rows are stored: no key may be unknown here, for it would change how they are read. */
const copyStreamSchema = z.strictObject({
  stream: z.string(),
  fromPage: z.number().int().optional(),
  toPage: z.number().int().optional(),
});

const bigTableSchema = z.strictObject({
  schema: z.string(),
  name: z.string(),
  label: z.string(),
  columns: z.array(z.string()),
  binary: z
    .boolean()
    .optional()
    .describe(
      'its rows are in the binary form of COPY; left out where they are text, for versions before it',
    ),
  streams: z.array(copyStreamSchema),
});

/** A role as far as everybody may see it: password hashes are in the encrypted streams only. */
export const roleFactsSchema = z.object({
  name: z.string(),
  superuser: z.boolean(),
  inherit: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  connectionLimit: z.number(),
  validUntil: z.string().nullable(),
  config: z.array(z.string()).nullable(),
  memberOf: z.array(z.object({ role: z.string(), admin: z.boolean() })),
  comment: z.string().nullable(),
});
export type RoleFacts = z.infer<typeof roleFactsSchema>;

/** What CREATE DATABASE needs, and the settings no dump carries. */
export const databaseFactsSchema = z.object({
  name: z.string(),
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  provider: z.enum(['c', 'i', 'b']),
  locale: z.string().nullable().describe('of the ICU or builtin provider'),
  icuRules: z.string().nullable(),
  tablespace: z.string(),
  template: z.boolean(),
  connectionLimit: z.number(),
  comment: z.string().nullable(),
  acl: z
    .array(
      z.object({
        grantor: z.string(),
        grantee: z.string().nullable(),
        privilege: z.string(),
        grantable: z.boolean(),
      }),
    )
    .nullable(),
  settings: z.array(z.object({ role: z.string().nullable(), config: z.array(z.string()) })),
  bytes: z.number(),
});
export type DatabaseFacts = z.infer<typeof databaseFactsSchema>;

/** Roles this database cannot be loaded without. */
export const roleUseSchema = z.object({
  owners: z.array(z.string()).describe('own objects, members of extensions aside'),
  guests: z.array(z.string()).describe('own objects in a schema that is not theirs'),
  others: z.array(z.string()).describe('named by grants, default privileges and policies'),
  regranted: z.array(z.string()).describe('objects with grants by others than their owner'),
  superuserOnly: z.array(z.string()).describe('what only a superuser creates, extensions aside'),
});
export type RoleUse = z.infer<typeof roleUseSchema>;

/** `detail` of a manifest of this kind; unknown fields of a later version are kept out of the way. */
export const detailSchema = z.object({
  database: databaseFactsSchema,
  roles: z.array(roleFactsSchema),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
  preload: z.array(z.string()),
  tablespaces: z.array(z.string()).default([]).describe('named by tables and indexes, the default one aside'),
  roleUse: roleUseSchema.optional().describe('left out in backups before it was asked for'),
  big: z.array(bigTableSchema),
});
export type Detail = z.infer<typeof detailSchema>;

/** Fails with `storage.damaged` when the manifest is not one of this adapter, with `storage.future` for a newer one. */
export const readDetail = (manifest: Pick<Manifest, 'detail' | 'id' | 'kind'>): Detail =>
  readDetailOf('postgres', detailSchema, manifest);
