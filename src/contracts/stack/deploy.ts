import { z } from 'zod';
import { nameSchema } from '../names.js';

export const STRATEGIES = ['rolling', 'recreate'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const deploySchema = z.strictObject({
  strategy: z
    .enum(STRATEGIES)
    .default('rolling')
    .describe(
      'rolling: a new instance serves before an old one goes, where both can run at a time; recreate: the old ones stop first',
    ),
  smoke: z
    .array(nameSchema)
    .default([])
    .describe('checks that have to pass when all instances are the new ones'),
});
export type DeployConfig = z.infer<typeof deploySchema>;
