import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as secure, type TLSSocket } from 'node:tls';
import { SteadyError } from '../../../contracts/failures.js';
import type { TlsConfig } from '../../../contracts/stack/tls.js';
import { readPems } from './files.js';
import { tlsFailure } from './tls-failure.js';

/** A server that is reached by TLS, from this machine. */
export interface TlsServer {
  readonly host: string;
  readonly port: number;
  /** With absolute paths. */
  readonly tls: TlsConfig;
  /**
   * What comes before TLS on a new connection, such as PostgreSQL's SSLRequest; throws `store.tls-none` when the server
   * declines.
   */
  readonly negotiate?: ((socket: Socket) => Promise<void>) | undefined;
  /** Whether it answers in plain, asked when it leaves the greeting of TLS unanswered. */
  readonly answersPlain?: ((socket: Socket) => Promise<boolean>) | undefined;
}

/** Longest time for each of connecting and shaking hands. */
const LIMIT_MS = 10_000;
/** A server that has said nothing to the greeting until then is asked in plain. */
const SILENT_MS = 2_000;
/** A dead peer is noticed by TCP, as redis-cli has it. */
const KEEPALIVE_MS = 15_000;

/**
 * Connects and verifies the certificate, with its name unless told otherwise. Fails with `store.unreachable` or the
 * `store.tls-…` that says why.
 */
export async function connectTls(server: TlsServer, signal: AbortSignal): Promise<TLSSocket> {
  const at = `${server.host}:${server.port}`;
  let socket: Socket | undefined;
  try {
    socket = await connected(server, signal);
    await server.negotiate?.(socket);
    return await shaken(server, socket, signal);
  } catch (error) {
    socket?.destroy();
    if (signal.aborted) throw new SteadyError('cancelled', { at });
    throw tlsFailure(error as NodeJS.ErrnoException, at);
  }
}

/**
 * Why a connection was reset. A refusal of our certificate comes after the handshake (RFC 8446, 4.4.2.4), and is lost
 * where we wrote at that moment: so once more, in silence. Undefined when the server has nothing against us.
 */
export async function resetBecause(server: TlsServer, signal: AbortSignal): Promise<SteadyError | undefined> {
  let link: TLSSocket | undefined;
  try {
    link = await connectTls(server, signal);
    // What a server sends once it has taken our side.
    await once(link, 'session', { signal: AbortSignal.any([signal, AbortSignal.timeout(SILENT_MS)]) });
    return undefined;
  } catch (error) {
    if ((error as Error).name === 'AbortError') return undefined;
    return tlsFailure(error as NodeJS.ErrnoException, `${server.host}:${server.port}`);
  } finally {
    link?.on('error', () => undefined).destroy();
  }
}

async function connected({ host, port }: TlsServer, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) });
    return socket;
  } catch (error) {
    socket.destroy();
    if ((error as Error).name !== 'AbortError') throw error;
    throw late(host, port, 'no answer');
  }
}

async function shaken(server: TlsServer, socket: Socket, signal: AbortSignal): Promise<TLSSocket> {
  const { host, port, tls } = server;
  const name = tls.serverName ?? host;
  const link = secure({
    socket,
    ...(await readPems(tls)),
    // Server names are names (RFC 6066, 3): an address is looked for in the certificate alone.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) =>
      tls.verify === 'full' ? checkServerIdentity(name, certificate) : undefined,
  });
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal, AbortSignal.timeout(LIMIT_MS)]);
  const plain = setTimeout(() => {
    if (socket.bytesRead > 0 || !server.answersPlain) return;
    void saysPlainly(server, until).then((answer) => {
      if (answer) link.destroy(new SteadyError('store.tls-none', { at: `${host}:${port}`, says: PLAINLY }));
    });
  }, SILENT_MS);
  try {
    await once(link, 'secureConnect', { signal: until });
    return link;
  } catch (error) {
    link.on('error', () => undefined).destroy();
    if ((error as Error).name !== 'AbortError') throw error;
    throw late(host, port, 'it took the connection, and no answer to the greeting of TLS');
  } finally {
    clearTimeout(plain);
    over.abort();
  }
}

const PLAINLY = 'it answers in plain, and not to the greeting of TLS';

const late = (host: string, port: number, says: string): SteadyError =>
  new SteadyError('store.unreachable', { at: `${host}:${port}`, says, limit: `${LIMIT_MS / 1000}s` });

async function saysPlainly(server: TlsServer, signal: AbortSignal): Promise<boolean> {
  try {
    const socket = await connected(server, signal);
    const stop = (): void => void socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return (await server.answersPlain?.(socket)) ?? false;
    } finally {
      socket.destroy();
    }
  } catch {
    return false;
  }
}
