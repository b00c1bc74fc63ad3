import { z } from 'zod';
import { nameSchema } from '../names.js';
import { checkSchema } from './checks.js';
import { approvalsSchema, approverSchema } from './people.js';
import { planSchema } from './plans.js';
import { runtimeSchema } from './runtime.js';
import { serviceSchema } from './services.js';
import { storageSchema } from './storage.js';
import { storeSchema } from './stores.js';
import { durationSchema } from './units.js';

/** Limits of time; every wait has one. */
export const limitsSchema = z.strictObject({
  stall: durationSchema.prefault('5m').describe('a stream without a byte for this long is given up'),
  run: durationSchema.prefault('24h').describe('longest time for a run asked for by hand'),
  worker: durationSchema.prefault('5m').describe('longest wait for a worker to take a step'),
  lock: durationSchema.prefault('6h').describe('longest wait for another run to release a target'),
  hold: durationSchema.prefault('7d').describe('how long replaced data are kept after a restore'),
});
export type Limits = z.infer<typeof limitsSchema>;

/** The stack file, version 1: one deployed system. */
export const stackSchema = z.strictObject({
  version: z.literal(1),
  stack: nameSchema.describe('name of the stack'),
  timezone: z.string().default('UTC').describe('IANA zone of schedules and of dates typed without one'),
  site: nameSchema.default('main').describe('where the workers of this stack are'),
  runtime: runtimeSchema.prefault({ host: {} }),
  storage: storageSchema,
  stores: z.record(nameSchema, storeSchema).refine((stores) => Object.keys(stores).length > 0, 'must name at least one store'),
  services: z.record(nameSchema, serviceSchema).prefault({}),
  plans: z.record(nameSchema, planSchema).prefault({}),
  checks: z.record(nameSchema, checkSchema).prefault({}).describe('the user’s own questions after a restore'),
  approvers: z.array(approverSchema).default([]),
  approvals: approvalsSchema.prefault({}),
  limits: limitsSchema.prefault({}),
});

/** A stack as loaded: defaults filled in, durations in seconds, sizes in bytes, secrets still references. */
export type Stack = z.infer<typeof stackSchema>;
