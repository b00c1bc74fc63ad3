import { z } from 'zod';
import { nameSchema, DEPTHS } from '../names.js';
import { durationSchema } from './units.js';

const count = z.number().int().min(1).max(10_000).optional();

export const keepSchema = z
  .strictObject({
    within: durationSchema.optional().describe('every backup younger than this'),
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    verified: z.number().int().min(1).max(1000).default(2).describe('never fewer verified ones than this'),
  })
  .refine((keep) => [keep.within, keep.last, keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly].some((v) => v !== undefined), {
    message: 'must name at least one of within, last, hourly, daily, weekly, monthly, yearly: an empty policy would delete everything',
  });
export type KeepPolicy = z.infer<typeof keepSchema>;

export const planSchema = z.strictObject({
  schedule: z.string().min(1).describe('cron, in the stack’s time zone'),
  stores: z.array(nameSchema).min(1),
  keep: keepSchema.optional().describe('left out: nothing is ever pruned'),
  rpo: durationSchema.prefault('24h').describe('oldest age of the newest verified backup that is still all right'),
  verify: z.enum(DEPTHS).default('readable').describe('proof after each backup'),
  prove: z
    .strictObject({ schedule: z.string().min(1) })
    .optional()
    .describe('when the newest backup is proven by a restore into a throwaway server'),
  catchup: durationSchema.prefault('12h').describe('a run missed while all was down is made up within this time'),
  limit: durationSchema.prefault('12h').describe('longest time a run may take'),
});
export type PlanConfig = z.infer<typeof planSchema>;
