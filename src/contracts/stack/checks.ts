import { z } from 'zod';
import { oneOf } from '../one-of.js';
import { secretRefSchema } from '../secret.js';
import { argvSchema, durationSchema } from './units.js';

export const loginSchema = oneOf('login', {
  header: z.strictObject({ name: z.string(), value: secretRefSchema }),
  basic: z.strictObject({ user: z.string(), password: secretRefSchema }),
  bearer: z.strictObject({ token: secretRefSchema }),
  form: z.strictObject({
    url: z.url(),
    fields: z.record(z.string(), z.union([z.string(), secretRefSchema])),
    field: z.string().default('access_token').describe('field of the JSON answer that holds the token'),
  }),
});
export type LoginConfig = z.infer<typeof loginSchema>;

const expectSchema = z.strictObject({
  status: z.number().int().min(100).max(599).optional().describe('default: any of 200 to 299'),
  json: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional().describe('value by dotted path'),
  text: z.string().optional().describe('must be contained in the answer'),
  within: durationSchema.optional().describe('longest time for the answer'),
});

export const httpCheckSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  method: z.enum(['GET', 'POST', 'HEAD', 'PUT']).default('GET'),
  body: z.unknown().optional().describe('sent as JSON'),
  login: loginSchema.optional(),
  ca: z.string().optional(),
  expect: expectSchema.optional(),
});
export type HttpCheckConfig = z.infer<typeof httpCheckSchema>;

export const checkSchema = oneOf('a check', {
  http: httpCheckSchema,
  sql: z.strictObject({ store: z.string(), query: z.string(), expect: z.string().describe('text of the one value answered') }),
  redis: z.strictObject({ store: z.string(), command: z.array(z.string()).min(1), expect: z.string() }),
  command: z.strictObject({ argv: argvSchema, expect: z.string().optional().describe('contained in its output'), within: durationSchema.optional() }),
  log: z.strictObject({ service: z.string(), lines: z.number().int().positive().max(10_000).default(100), without: z.string().describe('text that must not occur') }),
});
export type CheckConfig = z.infer<typeof checkSchema>;
