import { z } from 'zod';
import { sha256Schema, storedStreamSchema, storedVersion, timeSchema } from './document.js';

/** Facts of a store's content, compared after a restore. Which fields are there depends on the kind. */
export const contentFactsSchema = z.strictObject({
  /** Counted things by name: rows of a table, keys of a database, files. Equal after a restore. */
  counts: z.record(z.string(), z.number().int().nonnegative()).default({}),
  /** Things that may only become fewer, such as keys with an expiry. */
  atMost: z.record(z.string(), z.number().int().nonnegative()).default({}),
  /** Content digests by the same names, where asked for. */
  digests: z.record(z.string(), z.string()).default({}),
  /** Named things that must exist after a restore: extensions, functions, modules. */
  names: z.record(z.string(), z.array(z.string())).default({}),
});
export type ContentFacts = z.infer<typeof contentFactsSchema>;

/** Of a backup that was made of a dump by another program: what that was. */
export const importedSchema = z.strictObject({
  file: z.string().describe('where it lay on the host of the worker'),
  host: z.string(),
  format: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: sha256Schema.describe('of the file as it was'),
  at: timeSchema.describe('when it was taken in'),
  timeFrom: z.enum(['given', 'dump', 'name', 'file']).describe('what tells takenAt'),
});
export type Imported = z.infer<typeof importedSchema>;

/** The sealed description of a backup. Without one there is no backup. */
export const manifestSchema = z.strictObject({
  version: storedVersion,
  id: z.string(),
  stack: z.string(),
  stackUuid: z.string(),
  store: z.string(),
  kind: z.string().describe('postgres, redis, files'),
  method: z.string().describe('how it was taken, such as logical'),
  set: z.string().optional(),
  run: z.strictObject({ workflowId: z.string(), runId: z.string() }),
  plan: z.string().optional(),
  startedAt: timeSchema,
  takenAt: timeSchema.describe('the data’s own moment, by the store’s clock'),
  finishedAt: timeSchema,
  server: z.strictObject({ product: z.string(), version: z.string(), major: z.number().int() }),
  tools: z.record(z.string(), z.string()),
  streams: z.array(storedStreamSchema),
  bytes: z.number().int().nonnegative().describe('stored, all pieces'),
  rawBytes: z.number().int().nonnegative(),
  facts: contentFactsSchema,
  /** What the kind itself needs to restore, such as order of tables; read by that kind's adapter only. */
  detail: z.record(z.string(), z.unknown()).default({}),
  compression: z.literal('zstd'),
  recipients: z.array(z.string()).describe('age recipients; empty when not encrypted'),
  notes: z.array(z.string()).default([]),
  shrunk: z
    .strictObject({ from: z.number(), to: z.number(), previous: z.string() })
    .optional()
    .describe('sharply smaller than the previous one: counts for nothing until accepted'),
  imported: importedSchema.optional(),
  restore: z.array(z.string()).describe('shell commands that restore it with stock tools, in order'),
});
export type Manifest = z.infer<typeof manifestSchema>;
