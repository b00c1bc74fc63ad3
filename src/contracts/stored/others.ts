import { z } from 'zod';
import { DEPTHS } from '../names.js';
import { sha256Schema, storedVersion, timeSchema } from './document.js';

/** `stack.json`: layout version and the stack's uuid, created once, create-only. */
export const stackDocumentSchema = z.strictObject({
  version: storedVersion,
  layout: z.literal(1),
  stack: z.string(),
  uuid: z.uuid(),
  createdAt: timeSchema,
});
export type StackDocument = z.infer<typeof stackDocumentSchema>;

/** The result of one verification. */
export const proofSchema = z.strictObject({
  version: storedVersion,
  store: z.string(),
  backupId: z.string(),
  depth: z.enum(DEPTHS),
  passed: z.boolean(),
  at: timeSchema,
  seconds: z.number().nonnegative(),
  bytes: z.number().int().nonnegative().describe('read from storage'),
  loaded: z
    .strictObject({ rawBytes: z.number().int().nonnegative(), seconds: z.number().nonnegative() })
    .optional()
    .describe('of a proof by a restore: what loading alone took'),
  findings: z.array(z.string()).describe('what was looked at, and for a failed one what was wrong'),
  run: z.strictObject({ workflowId: z.string(), runId: z.string() }),
});
export type Proof = z.infer<typeof proofSchema>;

export const MARK_KINDS = ['keep', 'accepted', 'suspect'] as const;
export const markSchema = z.strictObject({
  version: storedVersion,
  store: z.string(),
  backupId: z.string(),
  kind: z.enum(MARK_KINDS),
  at: timeSchema,
  until: timeSchema.optional().describe('of keep: until when; left out means for ever'),
  by: z.string(),
  reason: z.string().default(''),
});
export type Mark = z.infer<typeof markSchema>;

/** Which backups belong together. */
export const setSchema = z.strictObject({
  version: storedVersion,
  id: z.string(),
  stack: z.string(),
  plan: z.string().optional(),
  at: timeSchema,
  backups: z.record(z.string(), z.string()).describe('backup id by store'),
  failed: z.record(z.string(), z.string()).default({}).describe('failure message by store'),
  mixed: z
    .string()
    .optional()
    .describe(
      'who changed a store after its backup and before another’s, in words: they do not belong together',
    ),
  skewSeconds: z.number().nonnegative().describe('between the earliest and the latest takenAt'),
  configSha256: sha256Schema,
  ledgerHead: z.strictObject({ number: z.number().int(), sha256: sha256Schema }).optional(),
});
export type BackupSet = z.infer<typeof setSchema>;

/** The evidence of one run, chained: `previous` is the SHA-256 of the stored bytes of the record before. */
export const recordSchema = z.strictObject({
  version: storedVersion,
  number: z.number().int().positive(),
  previous: sha256Schema.nullable(),
  stack: z.string(),
  procedure: z.string(),
  run: z.strictObject({ workflowId: z.string(), runId: z.string() }),
  by: z.string(),
  startedAt: timeSchema,
  closedAt: timeSchema,
  outcome: z.enum(['done', 'failed', 'denied', 'expired', 'cancelled']),
  failure: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  configSha256: sha256Schema.optional(),
  steps: z.array(z.unknown()),
  approvals: z.array(z.unknown()).default([]),
  result: z.unknown().optional(),
});
export type EvidenceRecord = z.infer<typeof recordSchema>;
export type UnnumberedRecord = Omit<EvidenceRecord, 'number' | 'previous' | 'version'>;
