import { z } from 'zod';
import { nameSchema } from '../names.js';
import { changesSchema } from './changes.js';
import { checkSchema } from './checks.js';
import { jobSchema } from './jobs.js';
import { notifySchema } from './notify.js';
import { apiSignerSchema, approvalsSchema, approverSchema } from './people.js';
import { planSchema } from './plans.js';
import { routerSchema } from './routers.js';
import { runtimeSchema } from './runtime.js';
import { serviceSchema } from './services.js';
import { storageSchema } from './storage.js';
import { storeSchema } from './stores.js';
import { durationSchema, limitSchema, sizeSchema } from './units.js';

/** Limits of time, since every wait has one, and of how much at once. */
/** A chunk of a stream is as much: it has to pass within a second, far from any stall. */
const SLOWEST_RATE = 64 * 1024;

export const limitsSchema = z.strictObject({
  stall: limitSchema.prefault('5m').describe('a stream without a byte for this long is given up'),
  run: limitSchema.prefault('24h').describe('longest time for a run asked for by hand'),
  retry: limitSchema
    .prefault('15m')
    .describe(
      'how long a backup is begun again whose store or storage fails in a way that may pass; where services stand still meanwhile, 3 minutes at most',
    ),
  worker: limitSchema.prefault('5m').describe('longest wait for a worker to take a step'),
  lock: limitSchema.prefault('6h').describe('longest wait for another run to release a target'),
  hold: durationSchema
    .prefault('7d')
    .describe('how long replaced data are kept after a restore; 0s: no way back'),
  parallel: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('stores of one backup set that are taken at a time'),
  transfers: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe(
      'backups and proofs that move data through one worker at a time, of all its stacks; the others wait. A restore, and a store whose services stand still meanwhile, wait for nobody',
    ),
  rate: sizeSchema
    .refine((bytes) => bytes >= SLOWEST_RATE, 'must be 64KiB or more')
    .optional()
    .describe(
      'most stored bytes a second that backups and proofs of this stack move at one worker; left out: as many as there are',
    ),
  nice: z
    .number()
    .int()
    .min(0)
    .max(19)
    .default(10)
    .describe('niceness of the tools that a worker starts on its host: what serves people goes first'),
  watch: limitSchema
    .prefault('5m')
    .describe('how often RPOs, schedules and runs are looked at, whatever the schedules do'),
  litter: limitSchema.prefault('7d').describe('age of data without a manifest before the sweep deletes them'),
});
export type Limits = z.infer<typeof limitsSchema>;

/** The stack file, version 1: one deployed system. */
export const stackSchema = z.strictObject({
  version: z.literal(1).describe('version of this file’s form'),
  stack: nameSchema.describe('name of the stack'),
  timezone: z
    .string()
    .min(1)
    .default('UTC')
    .describe('IANA zone of schedules and of dates typed without one'),
  site: nameSchema.default('main').describe('where the workers of this stack are'),
  runtime: runtimeSchema.prefault({ host: {} }).describe('what runs the services'),
  storage: storageSchema.describe('where backups go, and how they are encrypted'),
  stores: z
    .record(nameSchema, storeSchema)
    .refine((stores) => Object.keys(stores).length > 0, 'must name at least one store')
    .describe('the parts that hold data, by name'),
  services: z
    .record(nameSchema, serviceSchema)
    .prefault({})
    .describe('the parts that use them, by name: what a restore stops and starts'),
  routers: z
    .record(nameSchema, routerSchema)
    .prefault({})
    .describe('what hands requests to services, by name'),
  jobs: z.record(nameSchema, jobSchema).optional().describe('commands that run once, to their end, by name'),
  changes: changesSchema.optional().describe('when services may be changed'),
  plans: z.record(nameSchema, planSchema).prefault({}).describe('what is backed up when, by name'),
  checks: z
    .record(nameSchema, checkSchema)
    .prefault({})
    .describe('your own questions, asked after a restore, by name'),
  api: apiSignerSchema.optional().describe('the key that the HTTP API signs with'),
  approvers: z.array(approverSchema).default([]).describe('people who may decide, by key'),
  approvals: approvalsSchema.prefault({}).describe('what needs a decision'),
  notify: notifySchema.optional().describe('who is told of what, by name of the channel'),
  limits: limitsSchema.prefault({}).describe('limits of time and of how much at once'),
});

/** A stack as loaded: defaults filled in, durations in seconds, sizes in bytes, secrets still references. */
export type Stack = z.infer<typeof stackSchema>;

/** The depth from which a backup of this store counts as verified: the deepest any of its plans demands. */
export function demandedDepth(stack: Stack, store: string): 'readable' | 'restored' {
  const plans = Object.values(stack.plans).filter((plan) => plan.stores.includes(store));
  return plans.some((plan) => plan.verify === 'restored') ? 'restored' : 'readable';
}

/** The strictest RPO any plan promises for the store, in seconds; undefined where none does. */
export function promisedRpo(stack: Stack, store: string): number | undefined {
  const promised = Object.values(stack.plans)
    .filter((plan) => plan.stores.includes(store))
    .map((plan) => plan.rpo);
  return promised.length === 0 ? undefined : Math.min(...promised);
}

/** Whether backups can be opened by this stack's workers: not encrypted, or with an identity named. */
export function canOpenBackups(stack: Stack): boolean {
  const { encryption } = stack.storage;
  return encryption === undefined || encryption.age.identity !== undefined;
}

/** The proof after each backup when the plan says nothing else. */
export function usualDepth(stack: Stack): 'readable' | 'stored' {
  return canOpenBackups(stack) ? 'readable' : 'stored';
}
