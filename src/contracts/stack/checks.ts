import { z } from 'zod';
import { oneOf } from '../one-of.js';
import { secretRefSchema } from '../secret.js';
import { argvSchema, durationSchema } from './units.js';

export const loginSchema = oneOf('login', {
  header: z
    .strictObject({
      name: z.string().min(1).describe('such as X-API-Key'),
      value: secretRefSchema.describe('its value'),
    })
    .describe('a header with a secret value'),
  basic: z
    .strictObject({
      user: z.string().describe('user name'),
      password: secretRefSchema.describe('its password'),
    })
    .describe('HTTP Basic'),
  bearer: z
    .strictObject({ token: secretRefSchema.describe('sent as Authorization: Bearer') })
    .describe('a token that does not change'),
  form: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).describe('where the form is posted'),
      fields: z
        .record(z.string(), z.union([z.string(), secretRefSchema]))
        .describe('form fields; secret ones as references'),
      field: z
        .string()
        .min(1)
        .default('access_token')
        .describe('field of the JSON answer that holds the token'),
    })
    .describe('a login right before the request, once more after a 401: tokens may expire during a restore'),
});
export type LoginConfig = z.infer<typeof loginSchema>;

const expectSchema = z.strictObject({
  status: z.number().int().min(100).max(599).optional().describe('status code; left out: any of 200 to 299'),
  json: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('value by dotted path into the JSON answer'),
  text: z.string().optional().describe('must be contained in the answer'),
  within: durationSchema.optional().describe('longest time for the answer'),
});

export const httpCheckSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('as the worker reaches it'),
  method: z.enum(['GET', 'POST', 'HEAD', 'PUT']).default('GET').describe('request method'),
  body: z.unknown().optional().describe('sent as JSON'),
  login: loginSchema.optional().describe('how it logs in'),
  ca: z.string().optional().describe('file with the CA certificate of the address'),
  expect: expectSchema.optional().describe('what the answer must be'),
});
export type HttpCheckConfig = z.infer<typeof httpCheckSchema>;

export const checkSchema = oneOf('a check', {
  http: httpCheckSchema.describe('an HTTP request'),
  sql: z
    .strictObject({
      store: z.string().describe('a postgres store'),
      query: z.string().min(1).describe('a query that answers one value'),
      expect: z.string().describe('text of the one value answered'),
    })
    .describe('a question to PostgreSQL'),
  redis: z
    .strictObject({
      store: z.string().describe('a redis store'),
      command: z.array(z.string()).min(1).describe('command and arguments'),
      expect: z.string().describe('text of the answer'),
    })
    .describe('a question to Redis'),
  command: z
    .strictObject({
      argv: argvSchema,
      expect: z.string().optional().describe('contained in its output'),
      within: durationSchema.optional().describe('longest time it may take'),
    })
    .describe('a program that must exit 0'),
  log: z
    .strictObject({
      service: z.string().describe('whose log'),
      lines: z.number().int().positive().max(10_000).default(100).describe('how many of the last lines'),
      without: z.string().min(1).describe('text that must not occur'),
    })
    .describe('a look at the log’s last lines'),
});
export type CheckConfig = z.infer<typeof checkSchema>;
