import { z } from 'zod';
import { nameSchema, DEPTHS } from '../names.js';
import { durationSchema, limitSchema } from './units.js';

const count = (words: string) => z.number().int().min(1).max(10_000).optional().describe(words);

const KEEP_RULES = ['within', 'last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export const keepSchema = z
  .strictObject({
    within: limitSchema.optional().describe('every backup younger than this'),
    last: count('the newest so many'),
    hourly: count('the newest of each of so many hours'),
    daily: count('the newest of each of so many days'),
    weekly: count('the newest of each of so many weeks (Monday to Sunday)'),
    monthly: count('the newest of each of so many months'),
    yearly: count('the newest of each of so many years'),
    verified: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe('never fewer verified ones than this, however old they are'),
  })
  .refine((keep) => KEEP_RULES.some((rule) => keep[rule] !== undefined), {
    message: `must name at least one of ${KEEP_RULES.join(', ')}: an empty policy would delete everything`,
  });
export type KeepPolicy = z.infer<typeof keepSchema>;

export const planSchema = z.strictObject({
  schedule: z
    .string()
    .min(1)
    .describe('cron with 5 fields (minute, hour, day of month, month, day of week) in the stack’s time zone'),
  jitter: durationSchema
    .prefault('0s')
    .describe(
      'each run begins within this time after its schedule, at a moment of its own: so that stacks that share a server or storage do not all begin at once',
    ),
  stores: z.array(nameSchema).min(1).describe('what is backed up together'),
  keep: keepSchema.optional().describe('which backups are kept; left out: nothing is ever pruned'),
  rpo: limitSchema
    .prefault('24h')
    .describe('oldest age of the newest verified backup that is still all right'),
  verify: z
    .enum(DEPTHS)
    .optional()
    .describe('proof after each backup; left out: readable, or stored where no age identity is named'),
  prove: z
    .strictObject({
      schedule: z.string().min(1).default('30 5 * * *').describe('cron, like the plan’s, or never'),
    })
    .prefault({})
    .describe('when the newest backup is proven by a restore into a throwaway server'),
  catchup: limitSchema
    .prefault('12h')
    .describe('a run missed while all was down is made up within this time'),
  limit: limitSchema.prefault('12h').describe('longest time a run may take'),
});
export type PlanConfig = z.infer<typeof planSchema>;

/** When the plan's newest backup is proven by a restore; undefined for never. */
export function proofSchedule(plan: PlanConfig): string | undefined {
  return plan.prove.schedule === 'never' ? undefined : plan.prove.schedule;
}
