import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { FailureCode } from '../../../contracts/failures.js';
import type { TlsConfig } from '../../../contracts/stack/tls.js';
import type { StoreCall } from '../port.js';
import type { TlsServer } from '../tls/connect.js';
import { createTunnels } from '../tls/tunnel.js';
import type { RedisStoreOptions } from './context.js';

/** redis-cli's own TLS, for where no tunnel of ours reaches: it verifies the authority, not the name. */
export function tlsArguments({ ca, cert, key, serverName }: TlsConfig): string[] {
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  return [
    '--tls',
    ...option('--cacert', ca),
    ...option('--cert', cert),
    ...option('--key', key),
    ...option('--sni', serverName),
  ];
}

/** What redis-cli says of TLS (hiredis' ssl.c and OpenSSL's reasons). */
const WORDS: readonly (readonly [FailureCode, RegExp])[] = [
  ['store.tls-files', /Could not negotiate a TLS connection: (Invalid|Failed to load|Unable to)/],
  ['store.tls-unknown', /SSL_connect failed: certificate verify failed/],
  ['store.tls-none', /SSL_connect failed: (wrong version number|packet length too long)/],
  ['store.tls-client', /alert (certificate|bad certificate|unknown ca|decrypt error|handshake failure)/],
  ['tool.missing', /Unrecognized option.*--tls/],
];

export function tlsCodeOf(words: string): FailureCode | undefined {
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0];
}

/** The server of a store by TLS from this machine. */
export function tlsServer(at: { readonly host: string; readonly port: number }, tls: TlsConfig): TlsServer {
  return { ...at, tls, answersPlain };
}

/** A Redis without TLS waits for the end of the greeting's line; it answers every line of its own protocol. */
async function answersPlain(socket: Socket): Promise<boolean> {
  socket.write('PING\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return /^[+-]/.test(answer.toString('latin1'));
}

/** For one phase: its tools reach a server of another machine by tunnels, which go with it. */
export async function withTunnels<T>(
  options: RedisStoreOptions,
  call: StoreCall,
  phase: (options: RedisStoreOptions) => Promise<T>,
): Promise<T> {
  if (options.config.tls === undefined || options.service !== undefined) return phase(options);
  const tunnels = createTunnels(call);
  try {
    return await phase({ ...options, tunnels });
  } finally {
    await tunnels.close();
  }
}
