import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { SteadyError } from '../../../contracts/failures.js';
import type { StoreCall } from '../port.js';
import { takeScratchFolder, type ScratchFolder } from '../scratch-folder.js';
import { connectTls, resetBecause, type TlsServer } from './connect.js';
import { tlsFailure } from './tls-failure.js';

/** A socket on this machine, for this user alone: who connects there talks to a server by TLS that was verified. */
export interface Tunnel {
  readonly socket: string;
  /** Why the last connection through it did not come about or broke. */
  failure(): SteadyError | undefined;
}

/** The tunnels of one call. */
export interface Tunnels {
  to(server: TlsServer): Promise<Tunnel>;
  close(): Promise<void>;
}

/**
 * For clients that speak TLS but do not look for the name in the certificate, as redis-cli: whoever has any certificate
 * of the same authority would pass for the server. A key stays in this process, too.
 */
export function createTunnels(call: StoreCall): Tunnels {
  let folder: Promise<ScratchFolder> | undefined;
  const open = new Map<string, Promise<Tunnel>>();
  const servers: Server[] = [];
  const links = new Set<Socket>();

  const tunnel = async (server: TlsServer, number: number): Promise<Tunnel> => {
    folder ??= takeScratchFolder('tls', call, tmpdir());
    const socket = join((await folder).folder, String(number));
    let failure: SteadyError | undefined;
    const listener = createServer({ pauseOnConnect: true }, (local) => {
      links.add(local.once('close', () => links.delete(local)));
      local.on('error', () => local.destroy());
      // redis-cli tries twice: what a person has to mend first is not asked again.
      if (failure?.retryable === false) return void local.destroy();
      connectTls(server, call.signal).then(
        (remote) => {
          failure = undefined;
          bridge(local, remote, async (error) => {
            const asked = isReset(error) ? await resetBecause(server, call.signal) : undefined;
            failure ??= asked ?? tlsFailure(error, `${server.host}:${server.port}`);
          });
        },
        (error: unknown) => {
          failure = error as SteadyError;
          local.destroy();
        },
      );
    });
    servers.push(listener);
    listener.listen(socket);
    await once(listener, 'listening');
    return { socket, failure: () => failure };
  };

  return {
    to(server) {
      const key = `${server.host}:${server.port}`;
      const there = open.get(key) ?? tunnel(server, open.size);
      open.set(key, there);
      return there;
    },
    async close() {
      for (const link of links) link.destroy();
      for (const server of servers) server.close();
      await (await folder)?.remove();
    },
  };
}

const isReset = ({ code }: NodeJS.ErrnoException): boolean => code === 'ECONNRESET' || code === 'EPIPE';

/** @param broke hears why before the client does */
function bridge(local: Socket, remote: TLSSocket, broke: (error: Error) => Promise<void>): void {
  remote.on('error', (error: Error) => void broke(error).finally(() => local.destroy()));
  remote.once('close', (failed) => {
    if (!failed) local.end();
  });
  local.once('close', () => remote.destroy());
  if (local.destroyed) return void remote.destroy();
  local.pipe(remote).pipe(local);
}
