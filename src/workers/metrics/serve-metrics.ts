import { once } from 'node:events';
import { createServer } from 'node:http';

export interface ServedMetrics {
  /** Where they are; undefined when the port was taken. */
  readonly url?: string;
  close(): void;
}

/**
 * Serves metrics under /metrics. Several workers of a host cannot all have one port: those that find it taken go on
 * without, and say so.
 */
export async function serveMetrics(
  at: { readonly host: string; readonly port: number },
  read: () => Promise<string>,
  warn: (words: string) => void,
): Promise<ServedMetrics> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('GET /metrics\n');
      return;
    }
    read().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  try {
    server.listen(at.port, at.host);
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    warn(
      `no metrics from this worker: ${at.host}:${at.port} cannot be had (${code ?? String(error)}); name another with --metrics, or none: --metrics off`,
    );
    return { close: () => undefined };
  }
  server.unref();
  return {
    url: `http://${at.host}:${at.port}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
