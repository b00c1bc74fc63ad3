import { messageLines, messageSubject } from '../../contracts/runs/message-text.js';
import type { Secret } from '../../contracts/secret.js';
import { callUrl } from './call-url.js';
import type { NotifierPort } from './port.js';

/** Slack takes 40,000 characters of text (docs.slack.dev, "Sending messages using incoming webhooks"). */
const LONGEST = 30_000;

/** The three characters that Slack's own markup begins with (docs.slack.dev, "Formatting text"). */
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A message by an incoming webhook of Slack: its address is the secret. */
export function createSlack({ url }: { readonly url: Secret }): NotifierPort {
  return {
    send(message, signal) {
      const lines = messageLines(message).map((line) => `• ${escape(line)}`);
      const text = [`*${escape(messageSubject(message))}*`, ...lines].join('\n').slice(0, LONGEST);
      const headers = { 'content-type': 'application/json' };
      return callUrl({ url, method: 'POST', headers, body: JSON.stringify({ text }), signal });
    },
  };
}
