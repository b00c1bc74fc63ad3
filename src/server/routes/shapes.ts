import { z } from 'zod';
import { nameSchema } from '../../contracts/names.js';
import { problemSchema } from '../problem.js';

/** Parts of addresses, and answers, that several routes have. */
export const stackParams = z.object({ stack: nameSchema });
export const runParams = z.object({
  run: z
    .string()
    .max(200)
    .regex(/^[a-z-]+\.[a-z0-9-]{1,40}\.[\w.:-]+$/, 'must be the whole id of a run')
    .describe('as it was given when it was started'),
});

/** What a description names in part only. */
export type Loose<T> = T & Record<string, unknown>;

/** Answers of every route that somebody has to be signed in for. */
export const PROBLEMS = {
  '4xx': problemSchema.describe('refused: nothing was started or changed'),
  '5xx': problemSchema.describe('it could not be done now'),
} as const;

export const startedSchema = z.object({
  run: z.string().describe('id of the run: `GET /v1/runs/RUN` follows it'),
});

const stepSchema = z.looseObject({
  title: z.string(),
  status: z.enum(['running', 'done', 'failed', 'undone']),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  notes: z.array(z.string()),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});

export const approvalSchema = z.object({
  status: z.enum(['waiting', 'approved', 'denied', 'expired']),
  digest: z.string().describe('what a decision has to name'),
  proposal: z.looseObject({
    title: z.string(),
    lines: z.array(z.string()).describe('what will happen and what will be lost'),
    requestedBy: z.string(),
    requestedAt: z.string(),
    expiresAt: z.string(),
    from: z.string().describe('role whose holders may decide'),
    count: z.number().describe('how many must agree'),
  }),
  decisions: z.array(
    z.looseObject({
      decision: z.enum(['approve', 'deny']),
      name: z.string(),
      via: z.literal('api').optional().describe('signed by the API on this person’s behalf'),
      reason: z.string(),
      at: z.string(),
    }),
  ),
});

export const runLineSchema = z.looseObject({
  run: z.string(),
  procedure: z.string(),
  status: z.string().describe('of Temporal: running, completed, failed, canceled, terminated, timed_out'),
  outcome: z.string().optional().describe('in a word, once it has ended'),
  awaiting: z.string().optional().describe('role whose answer it waits for'),
  startedAt: z.string(),
  closedAt: z.string().optional(),
  dryRun: z.boolean(),
  by: z.string().optional(),
});

export const runSchema = runLineSchema.extend({
  ended: z.boolean(),
  exit: z
    .int()
    .optional()
    .describe('exit code of `steady` for how it ended: 0 done, 3 denied, 4 aborted and taken back'),
  timeline: z.looseObject({ steps: z.array(stepSchema) }).optional(),
  progress: z.array(z.looseObject({ title: z.string(), bytes: z.number() })),
  waits: z.array(z.looseObject({ words: z.string() })),
  result: z.unknown().optional(),
  failure: z.object({ code: z.string(), message: z.string(), hint: z.string() }).optional(),
  approval: approvalSchema.optional().describe('what is asked now'),
});
