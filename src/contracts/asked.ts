import { z } from 'zod';
import { DEPTHS, nameSchema } from './names.js';
import { STRATEGIES } from './stack/deploy.js';
import { limitSchema } from './stack/units.js';

/** What may be asked for from outside: bodies of HTTP requests, and the forms that the command line has too. */

/** Name of an image, as `docker pull` takes it. */
export const IMAGE_PATTERN = /^[\w][\w./:@-]*$/;
export const VARIABLE_PATTERN = /^[A-Za-z_]\w*$/;
/** As compose takes a limit of memory. */
export const MEMORY_PATTERN = /^\d+(\.\d+)?[bkmg]b?$/i;
/** The most instances of one service that are asked for: more is a slip. */
export const MOST_INSTANCES = 100;

/** More than none, less than 1000. */
export const CPUS_PATTERN = /^(?!0+(?:\.0+)?$)\d{1,3}(?:\.\d{1,3})?$/;

const reasonSchema = z.string().max(500).default('').describe('why, for the record and whoever is asked');
const servicesSchema = z.array(nameSchema).min(1).max(100);
const evenIfManaged = z
  .boolean()
  .optional()
  .describe('also what Argo CD, Flux or Helm keeps as they want it');
const change = z.string().min(1).max(200).optional().describe('number of the change that it belongs to');
const forSchema = limitSchema.optional().describe('as long only, such as 2h; then all of it is as before');

const versionSchema = z
  .strictObject({
    image: z
      .string()
      .max(500)
      .regex(IMAGE_PATTERN, 'must be a name such as ghcr.io/acme/api:1.5')
      .optional()
      .describe('such as ghcr.io/acme/api:1.5; left out: the one that runs'),
    set: z
      .record(z.string().regex(VARIABLE_PATTERN, 'must be the name of a variable'), z.string().max(10_000))
      .optional()
      .describe('environment variables of the new version; no secrets'),
    unset: z
      .array(z.string().regex(VARIABLE_PATTERN, 'must be the name of a variable'))
      .optional()
      .describe('variables that are as the compose file has them again'),
    memory: z
      .string()
      .regex(MEMORY_PATTERN, 'must be a size such as 512m or 4g')
      .nullable()
      .optional()
      .describe('limit of memory, such as 4g; null: as the compose file has it'),
    cpus: z
      .string()
      .regex(CPUS_PATTERN, 'must be a number such as 1.5')
      .nullable()
      .optional()
      .describe('limit of CPUs, such as 1.5; null: as the compose file has it'),
  })
  .refine(
    (one) => Object.values(one).some((value) => value !== undefined),
    'names nothing that is to change',
  );

const whenSchema = {
  strategy: z.enum(STRATEGIES).optional().describe('instead of what the stack file says'),
  waitForImage: limitSchema
    .optional()
    .describe('how long images are waited for that their registry does not have yet, such as 10m'),
  hotfix: z.boolean().optional().describe('mends what is broken: goes first, at any hour; needs a reason'),
  outsideHours: z
    .boolean()
    .optional()
    .describe('outside the hours of deploys too: needs a reason, and an approval'),
  for: forSchema,
  reason: reasonSchema,
  change,
  evenIfManaged,
};

export const deployAskedSchema = z.strictObject({
  services: z
    .record(nameSchema, versionSchema)
    .refine((all) => Object.keys(all).length > 0, 'names no service')
    .describe('what is to run of each service; all of them are changed, or none'),
  ...whenSchema,
});
export type DeployBody = z.infer<typeof deployAskedSchema>;

export const rollbackAskedSchema = z.strictObject({
  services: servicesSchema,
  revision: z
    .int()
    .min(1)
    .max(2 ** 31)
    .optional()
    .describe('a number of the history; left out: what ran well before'),
  reason: reasonSchema,
  change,
  evenIfManaged,
});

const countSchema = z.int().min(0).max(MOST_INSTANCES);
export const scaleAskedSchema = z.strictObject({
  services: z
    .record(
      nameSchema,
      z.union([
        countSchema,
        z
          .strictObject({ min: countSchema, max: countSchema.min(1) })
          .refine(({ min, max }) => min <= max, 'the least is more than the most'),
      ]),
    )
    .refine((all) => Object.keys(all).length > 0, 'names no service')
    .describe('how many instances; least and most where something scales it by itself'),
  for: forSchema,
  reason: reasonSchema,
  change,
  evenIfManaged,
});

export const servicesAskedSchema = z.strictObject({
  services: servicesSchema,
  dependents: z.boolean().default(false).describe('also the services that cannot do without them'),
  reason: reasonSchema,
});

export const backupAskedSchema = z.strictObject({
  stores: z.array(nameSchema).max(100).default([]).describe('none: those of the plan, else all'),
  plan: nameSchema.optional().describe('as its schedule would run it'),
  verify: z.enum(DEPTHS).optional().describe('proof afterwards'),
});

export const jobAskedSchema = z.strictObject({ reason: reasonSchema });

export const freezeAskedSchema = z.strictObject({
  targets: z.array(nameSchema).min(1).max(200).describe('stores and services'),
  reason: z.string().min(1).max(500).describe('why; whoever is refused sees it'),
  until: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('when it ends by itself, RFC 3339; left out: when it is thawed'),
});

export const decisionAskedSchema = z.strictObject({
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the digest of what was shown, 64 of 0-9 and a-f')
    .describe('of the proposal that was read: what has changed since is not decided'),
  reason: reasonSchema,
});

export const controlAskedSchema = z.strictObject({ reason: reasonSchema });

/** Body of a webhook: what is asked, in a word, and the rest as for the same request with a token. */
export const hookAskedSchema = z.discriminatedUnion('action', [
  deployAskedSchema.extend({ action: z.literal('deploy') }),
  rollbackAskedSchema.extend({ action: z.literal('rollback') }),
]);
