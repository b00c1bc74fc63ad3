import { z } from 'zod';
import { sha256Schema, storedVersion, timeSchema } from './document.js';

/** A container image: by the name it was asked for, and by what that name meant then. */
export const imageSchema = z.strictObject({
  name: z.string().min(1).describe('as asked for, such as ghcr.io/acme/api:1.4'),
  id: z.string().min(1).describe('the engine’s own id'),
  digest: z.string().optional().describe('name@sha256:…, by which a registry gives it again'),
  commit: z.string().optional().describe('its label org.opencontainers.image.revision'),
});
export type Image = z.infer<typeof imageSchema>;

/** What a revision sets beside what the compose file says. */
export const settingsSchema = z.strictObject({
  env: z.record(z.string(), z.string()).default({}).describe('environment variables; never a secret'),
  memory: z.string().optional().describe('limit, as compose takes it: 4g'),
  cpus: z.string().optional().describe('limit, as compose takes it: 1.5'),
});
export type Settings = z.infer<typeof settingsSchema>;

/** One version of a service: image and settings. Numbered from 1, never changed. */
export const revisionSchema = z.strictObject({
  version: storedVersion,
  service: z.string(),
  number: z.number().int().positive(),
  at: timeSchema,
  by: z.string(),
  run: z.string().describe('workflow id of the run that made it'),
  origin: z
    .enum(['found', 'deploy'])
    .describe('found: what ran when a deploy began and no revision was, whoever had started it'),
  reason: z.string(),
  image: imageSchema,
  settings: settingsSchema,
  configSha256: sha256Schema,
  hotfix: z.literal(true).optional().describe('made in a hurry, to mend what was broken'),
  change: z.string().optional().describe('number of the change that it belongs to, elsewhere'),
});
export type Revision = z.infer<typeof revisionSchema>;

/** How a revision did when it came to run, by one run. */
export const verdictSchema = z.strictObject({
  version: storedVersion,
  service: z.string(),
  number: z.number().int().positive(),
  at: timeSchema,
  run: z.string(),
  verdict: z.enum(['good', 'failed']),
  why: z.string(),
});
export type Verdict = z.infer<typeof verdictSchema>;
