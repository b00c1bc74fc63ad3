import { z } from 'zod';
import { nameSchema } from '../names.js';
import { checkSchema } from './checks.js';
import { argvSchema, durationSchema } from './units.js';

const needSchema = z.union([
  nameSchema,
  z.strictObject({ name: nameSchema, optional: z.boolean().default(false) }),
]);

export const serviceSchema = z.strictObject({
  needs: z.array(needSchema).default([]).describe('stores and services it cannot (or, optional, can) do without'),
  container: z.string().optional().describe('compose service, when named otherwise'),
  start: argvSchema.optional().describe('host runtime: how it is started'),
  stop: argvSchema.optional().describe('host runtime: how it is stopped'),
  unit: z.string().optional().describe('host runtime: systemd unit'),
  drain: durationSchema.prefault('10s').describe('time to end by itself before it is forced'),
  health: checkSchema.optional(),
  healthWithin: durationSchema.prefault('2m').describe('longest time until it is healthy after a start'),
});
export type ServiceConfig = z.infer<typeof serviceSchema>;
