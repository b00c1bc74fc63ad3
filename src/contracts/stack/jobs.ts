import { z } from 'zod';
import { nameSchema } from '../names.js';
import { secretRefSchema } from '../secret.js';
import { argvSchema, limitSchema } from './units.js';

export const jobSchema = z.strictObject({
  service: nameSchema
    .optional()
    .describe(
      'in a container (or pod) of its own like those of this service, with its image, settings and networks; left out: on the worker’s own machine',
    ),
  command: argvSchema,
  env: z
    .record(
      z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'),
      z.union([z.string(), secretRefSchema]),
    )
    .optional()
    .describe('variables it is given; secret ones as references'),
  refuses: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('values that none of its variables may have, such as a placeholder that was never replaced'),
  limit: limitSchema.optional().describe('longest time it may take; left out: 15m'),
});
export type JobConfig = z.infer<typeof jobSchema>;

/** Left out of the file, not filled in: what is applied stays the same text. */
export const JOB_LIMIT_SECONDS = 900;
