import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createTransport } from 'nodemailer';
import { SteadyError } from '../../contracts/failures.js';
import { messageLines, messageSubject } from '../../contracts/runs/message-text.js';
import { redact, type Secret } from '../../contracts/secret.js';
import type { SmtpConfig } from '../../contracts/stack/notify.js';
import type { NotifierPort } from './port.js';

const LIMIT_MS = 20_000;

export interface SmtpOptions {
  readonly config: SmtpConfig;
  readonly password?: Secret;
  /** Relative paths of CA files start here. */
  readonly baseFolder: string;
}

/** A mail over a connection of its own. Its Message-ID comes from the event, so that a second one is known as such. */
export function createSmtp({ config, password, baseFolder }: SmtpOptions): NotifierPort {
  const { host, port, user, from, to } = config;
  const secrets = password ? [password] : [];
  return {
    async send(message, signal) {
      const ca =
        config.ca === undefined
          ? undefined
          : await readFile(resolve(baseFolder, config.ca), 'utf8').catch(noCa);
      const transport = createTransport({
        ...{ host, port, secure: config.tls === 'implicit' },
        ...(config.tls === 'starttls' ? { requireTLS: true } : { ignoreTLS: true }),
        ...{ connectionTimeout: LIMIT_MS, greetingTimeout: LIMIT_MS, socketTimeout: LIMIT_MS },
        // Text of ours must never make it open a file or an address.
        ...{ disableFileAccess: true, disableUrlAccess: true },
        ...(ca !== undefined && { tls: { ca } }),
        ...(user !== undefined && { auth: { user, pass: password?.reveal() ?? '' } }),
      });
      const stop = (): void => transport.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        const sent = await transport.sendMail({
          ...{ from, to: [...to], subject: messageSubject(message) },
          text: `${messageLines(message).join('\n')}\n`,
          messageId: `<${createHash('sha256').update(message.id).digest('hex').slice(0, 32)}@steadyhand.invalid>`,
          date: new Date(message.at),
          headers: {
            'X-Steady-Event': message.event,
            'X-Steady-Id': message.id,
            'Auto-Submitted': 'auto-generated',
          },
        });
        const not = (sent.rejected as readonly unknown[]).map(String);
        return `${sent.response}${not.length > 0 ? `; refused for ${not.join(', ')}` : ''}`;
      } catch (error) {
        if (signal.aborted) throw new SteadyError('cancelled', { host });
        throw failure(error, { host, port }, secrets);
      } finally {
        signal.removeEventListener('abort', stop);
        transport.close();
      }
    },
  };

  function noCa(error: NodeJS.ErrnoException): never {
    throw new SteadyError('notify.refused', { ca: config.ca, error: error.code });
  }
}

/** A reply of 5xx will be the same the next time (RFC 5321, 4.2.1); all else may pass. */
function failure(
  error: unknown,
  at: { host: string; port: number },
  secrets: readonly Secret[],
): SteadyError {
  const { responseCode, message } = error as { responseCode?: number; message?: string };
  const refused = responseCode !== undefined && responseCode >= 500;
  const says = redact(message ?? String(error), secrets)
    .replaceAll(/\s+/g, ' ')
    .slice(0, 200);
  return new SteadyError(refused ? 'notify.refused' : 'notify.unreachable', { ...at, error: says });
}
