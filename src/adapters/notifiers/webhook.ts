import { createHmac } from 'node:crypto';
import type { Secret } from '../../contracts/secret.js';
import { callUrl } from './call-url.js';
import type { NotifierPort } from './port.js';

/**
 * Signature of a message, in the header `X-Steady-Signature`: `t=<seconds>,v1=<hex>`, HMAC-SHA256 (RFC 2104) with the key
 * over time and body, joined by a full stop. With the time in it, an old message cannot be sent again as a new one.
 */
export function signatureOf(key: Secret, body: string, now: Date): string {
  const time = Math.floor(now.getTime() / 1000);
  const hex = createHmac('sha256', key.reveal()).update(`${time}.${body}`).digest('hex');
  return `t=${time},v1=${hex}`;
}

/** The message as JSON, signed where there is a key. */
export function createWebhook(options: { readonly url: Secret; readonly key?: Secret }): NotifierPort {
  const { url, key } = options;
  return {
    send(message, signal) {
      const body = JSON.stringify(message);
      const headers = {
        'content-type': 'application/json',
        'x-steady-event': message.event,
        'x-steady-id': message.id,
        ...(key && { 'x-steady-signature': signatureOf(key, body, new Date()) }),
      };
      return callUrl({ url, method: 'POST', headers, body, signal, ...(key && { secrets: [key] }) });
    },
  };
}
