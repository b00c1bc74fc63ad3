import { z } from 'zod';
import { durationSchema } from './units.js';

const patternSchema = z
  .string()
  .min(1)
  .refine((text) => isPattern(text), 'must be a regular expression, as JavaScript has them');

export const serviceLogSchema = z.strictObject({
  watch: durationSchema.optional().describe('how long it is read after a change; left out: 2m'),
  lines: z
    .number()
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('how many of its last lines are shown then; left out: 20'),
  errors: patternSchema
    .optional()
    .describe('which lines are errors, in any case; left out: those with a level of error, or such a word'),
  fail: patternSchema.optional().describe('a line like this after a change fails it'),
});
export type ServiceLogConfig = z.infer<typeof serviceLogSchema>;

/** Left out of the file, not filled in: what is applied stays the same text. */
export const SERVICE_LOG = { watch: 120, lines: 20 } as const;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'i') !== undefined;
  } catch {
    return false;
  }
}
