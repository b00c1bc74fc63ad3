import { once } from 'node:events';
import type { Socket } from 'node:net';
import { SteadyError, type FailureCode } from '../../../contracts/failures.js';
import type { PostgresStoreConfig } from '../../../contracts/stack/stores.js';
import type { TlsServer } from '../tls/connect.js';
import { authorities } from '../tls/files.js';

/** libpq's variables for TLS (manual, 34.15). A name of its own is what libpq verifies, the address what it connects to. */
export function tlsEnvironment({
  tls,
  host = '127.0.0.1',
  sslmode,
}: PostgresStoreConfig): Record<string, string> {
  if (tls === undefined) return sslmode === undefined ? {} : { PGSSLMODE: sslmode };
  return {
    PGSSLMODE: tls.verify === 'full' ? 'verify-full' : 'verify-ca',
    PGSSLROOTCERT: authorities(tls),
    ...(tls.cert !== undefined && { PGSSLCERT: tls.cert }),
    ...(tls.key !== undefined && { PGSSLKEY: tls.key }),
    ...(tls.serverName !== undefined && { PGHOST: tls.serverName, PGHOSTADDR: host }),
    // Where there is a ticket, libpq would take Kerberos' encryption instead, and look at no certificate.
    PGGSSENCMODE: 'disable',
  };
}

/** The server for a look at its certificate; undefined where the store has no TLS. */
export function tlsServer({ tls, host = '127.0.0.1', port }: PostgresStoreConfig): TlsServer | undefined {
  return tls && { host, port, tls, negotiate };
}

/** SSLRequest (manual, 53.2.10): its length and its code; the answer is S or N. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const LIMIT_MS = 10_000;

async function negotiate(socket: Socket): Promise<void> {
  socket.write(SSL_REQUEST);
  const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Buffer];
  socket.pause();
  if (answer[0] !== 0x53)
    throw new SteadyError('store.tls-none', { says: 'it declines the request for TLS' });
}

type TlsCode = Extract<FailureCode, `store.tls-${string}`>;

/** What libpq and the server say, untranslated (fe-secure-openssl.c, fe-connect.c, auth.c). */
const WORDS: readonly (readonly [TlsCode, RegExp])[] = [
  ['store.tls-none', /server does not support SSL/],
  ['store.tls-name', /does not match host name/],
  ['store.tls-unknown', /certificate verify failed/],
  [
    'store.tls-client',
    /valid client certificate|certificate authentication failed|alert (certificate|bad certificate|unsupported certificate|unknown ca|decrypt error|handshake failure)/,
  ],
  [
    'store.tls-files',
    /private key file|could not (read|open) certificate file|root certificate (file|store)|could not load private key|certificate present, but not/,
  ],
];

export function tlsCodeOf(words: string): TlsCode | undefined {
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0];
}
