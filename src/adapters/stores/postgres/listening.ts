import { isLoopback } from '../../../contracts/stack/loopback.js';
import { listeningLines, publishedLines } from '../open-address.js';
import type { CheckLine } from '../port.js';
import type { Access } from './access.js';
import { withSession } from './session.js';

interface Server {
  readonly tls: boolean;
  readonly port: number;
  readonly addresses: string;
  /** Where this session came in; null on a socket. */
  readonly here: string | null;
}

/** Whether others than this machine's own reach a server that has no TLS: by its settings, or what its container publishes. */
export async function networkLines(access: Access): Promise<CheckLine[]> {
  const { config, runtime } = access.options;
  const server = await withSession(access.session(config.database), (session) =>
    session.json<Server>(
      `SELECT jsonb_build_object('tls', current_setting('ssl') = 'on', 'port', current_setting('port')::int,
         'addresses', current_setting('listen_addresses'), 'here', host(inet_server_addr()))`,
    ),
  );
  if (server === undefined || server.tls) return [];
  const { service, host = '127.0.0.1' } = config;
  if (service !== undefined) {
    const handle = { name: service, drainSeconds: 0 };
    const published = await runtime.published(handle, { signal: access.call.signal });
    if (published !== 'network of the host') return publishedLines(published, server.port);
  } else if (isLoopback(host) && server.here !== null && !isLoopback(server.here))
    // Behind a port of this machine, in a container: its addresses say nothing about who reaches that port.
    return [];
  return listeningLines(
    server.addresses.split(',').flatMap((one) => one.trim() || []),
    'listen_addresses',
  );
}
