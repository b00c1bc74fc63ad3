import { z } from 'zod';
import { nameSchema } from '../names.js';
import { limitSchema, sizeSchema } from './units.js';

export const STRATEGIES = ['rolling', 'recreate'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Left out of the file, not filled in: what is applied stays the same text. */
export const FRESH_SECONDS = 24 * 3600;

export const beforeSchema = z.strictObject({
  jobs: z
    .array(nameSchema)
    .min(1)
    .optional()
    .describe('jobs that have to end well, those of this service as the new version of it'),
  backup: z
    .strictObject({
      stores: z.array(nameSchema).min(1).describe('which'),
      within: limitSchema.optional().describe('its age; left out: 24h'),
    })
    .optional()
    .describe('stores of which a verified backup is there that is no older; one is made where it is not'),
  disk: sizeSchema.optional().describe('free where the engine keeps images and logs'),
  memory: sizeSchema
    .optional()
    .describe('available on the machine of the containers, beside what runs: while both versions do'),
  secrets: z
    .literal(true)
    .optional()
    .describe('no secret of the stack is a vendor’s default, or what .env.example shows'),
});
export type BeforeConfig = z.infer<typeof beforeSchema>;

export const migrateSchema = z.strictObject({
  job: nameSchema.describe('runs once, as the new version'),
  backup: z
    .array(nameSchema)
    .optional()
    .describe('stores backed up and verified right before; left out: those that the service needs; []: none'),
  reversible: z
    .boolean()
    .describe(
      'whether the version before can run on the data afterwards; if not, a deploy that fails is left for a person',
    ),
});
export type MigrateConfig = z.infer<typeof migrateSchema>;

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
  before: beforeSchema.optional().describe('what has to be so before anything is changed'),
  migrate: migrateSchema
    .optional()
    .describe('a change of data that each new image needs, made right before its first instance starts'),
});
export type DeployConfig = z.infer<typeof deploySchema>;
