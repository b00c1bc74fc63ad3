import { z } from 'zod';
import { nameSchema } from '../names.js';
import { oneOf, theOne } from '../one-of.js';
import { secretRefSchema } from '../secret.js';
import { argvSchema } from './units.js';

/** What people are told of. */
export const EVENTS = [
  'failed',
  'done',
  'approval',
  'notice',
  'proof',
  'rpo',
  'suspect',
  'skipped',
  'stuck',
] as const;
export type EventKind = (typeof EVENTS)[number];

/** What a channel is told of that names nothing: all that wants a person, and no word of what goes well. */
const USUAL_EVENTS = EVENTS.filter((one) => one !== 'done');

export const webhookSchema = z.strictObject({
  url: secretRefSchema.describe('address that the JSON is posted to, whole'),
  key: secretRefSchema.optional().describe('signs each message (HMAC-SHA256); left out: not signed'),
});
export type WebhookConfig = z.infer<typeof webhookSchema>;

export const slackSchema = z.strictObject({
  url: secretRefSchema.describe('address of the incoming webhook, whole'),
});
export type SlackConfig = z.infer<typeof slackSchema>;

const mailbox = z.string().regex(/@/, 'must be a mail address');

export const smtpSchema = z.strictObject({
  host: z.string().min(1).describe('the mail server'),
  port: z.number().int().min(1).max(65_535).default(587).describe('TCP port'),
  tls: z
    .enum(['starttls', 'implicit', 'none'])
    .default('starttls')
    .describe('starttls (port 587), from the first byte (465), or none at all'),
  ca: z.string().optional().describe('file with the CA certificate of the server'),
  user: z.string().min(1).optional().describe('left out: no login'),
  password: secretRefSchema.optional().describe('its password'),
  from: mailbox.describe('sender'),
  to: z.array(mailbox).min(1).describe('receivers'),
});
export type SmtpConfig = z.infer<typeof smtpSchema>;

export const commandChannelSchema = z.strictObject({
  run: argvSchema.describe('argv list; no shell. It finds the JSON on its stdin and must exit 0'),
  env: z
    .record(z.string().min(1), secretRefSchema)
    .default({})
    .describe('its environment, beside PATH, HOME, LANG and TZ of the worker'),
});
export type CommandChannelConfig = z.infer<typeof commandChannelSchema>;

export const heartbeatSchema = z.strictObject({
  url: secretRefSchema.describe('address that is called, whole'),
  plan: nameSchema.optional().describe('whose sets it is called for; left out: those of any plan'),
});
export type HeartbeatConfig = z.infer<typeof heartbeatSchema>;

export const channelSchema = oneOf(
  'a channel',
  {
    webhook: webhookSchema.describe('JSON to an address of yours'),
    slack: slackSchema.describe('Slack, by an incoming webhook'),
    smtp: smtpSchema.describe('a mail'),
    command: commandChannelSchema.describe('a program on the worker'),
    heartbeat: heartbeatSchema.describe(
      'an address called after each set whose backups have all passed their proof, and for nothing else: whoever watches it notices when all here is gone',
    ),
  },
  {
    on: z
      .array(z.enum(EVENTS))
      .min(1)
      .optional()
      .describe(`what it is told of; left out: ${USUAL_EVENTS.join(', ')}`),
  },
);
export type ChannelConfig = z.infer<typeof channelSchema>;

export const notifySchema = z.record(nameSchema, channelSchema);

/** How a channel reaches people. */
export function channelKind({ on: _, ...kinds }: ChannelConfig) {
  return theOne(kinds);
}

/** `verified` is for heartbeats alone; `test` for whoever is named. */
export type MessageEvent = EventKind | 'verified' | 'test';

/** Names of the channels that are told of an event. A failed proof fails a run too: who asks for `failed` hears of it. */
export function channelsFor(
  stack: { readonly notify?: Readonly<Record<string, ChannelConfig>> | undefined },
  event: MessageEvent,
  plan?: string,
): string[] {
  const told = (channel: ChannelConfig): boolean => {
    if (channel.heartbeat !== undefined)
      return event === 'verified' && (channel.heartbeat.plan ?? plan) === plan;
    const on: readonly string[] = channel.on ?? USUAL_EVENTS;
    return on.includes(event) || (event === 'proof' && on.includes('failed'));
  };
  return Object.entries(stack.notify ?? {}).flatMap(([name, channel]) => (told(channel) ? [name] : []));
}
