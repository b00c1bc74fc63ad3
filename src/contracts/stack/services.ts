import { z } from 'zod';
import { nameSchema } from '../names.js';
import { checkSchema } from './checks.js';
import { deploySchema } from './deploy.js';
import { routedSchema } from './routers.js';
import { serviceLogSchema } from './service-log.js';
import { argvSchema, composeServiceSchema, durationSchema, limitSchema } from './units.js';

const needSchema = z.union([
  nameSchema,
  z.strictObject({
    name: nameSchema.describe('a store or a service'),
    optional: z
      .boolean()
      .default(false)
      .describe('it goes on, degraded, without; such an edge never stops a service and never blocks'),
  }),
]);

export const serviceSchema = z.strictObject({
  needs: z
    .array(needSchema)
    .default([])
    .describe('stores and services it cannot (or, with optional, can) do without'),
  container: composeServiceSchema
    .optional()
    .describe('compose service, or container of the pod, when named otherwise'),
  workload: z
    .string()
    .regex(
      /^(deployment|statefulset|daemonset)\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
      'must be deployment/NAME, statefulset/NAME or daemonset/NAME',
    )
    .optional()
    .describe('kubernetes runtime: what runs it, such as deployment/api'),
  start: argvSchema.optional().describe('host runtime: how it is started'),
  stop: argvSchema.optional().describe('host runtime: how it is stopped'),
  unit: z.string().min(1).optional().describe('host runtime: systemd unit, instead of start and stop'),
  drain: durationSchema.prefault('10s').describe('time to end by itself before it is forced'),
  health: checkSchema.optional().describe('what must pass after a start'),
  log: serviceLogSchema.optional().describe('what is looked for in its log'),
  healthWithin: limitSchema.prefault('2m').describe('longest time until it is healthy after a start'),
  router: routedSchema.optional().describe('what sends it requests: out of there before it is stopped'),
  deploy: deploySchema.prefault({}).describe('how another version of it comes to run'),
});
export type ServiceConfig = z.infer<typeof serviceSchema>;
