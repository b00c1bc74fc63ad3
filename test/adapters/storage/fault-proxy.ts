import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Fault {
  /** Drops the connection after the server behind has carried the request out: its answer is lost. */
  readonly loseAnswer?: (request: IncomingMessage) => boolean;
  /** Flips a bit of the request's body on its way. */
  readonly damage?: (request: IncomingMessage) => boolean;
  /** Denies a request itself: the server behind hears nothing of it. */
  readonly deny?: (request: IncomingMessage) => boolean;
}

/** An HTTP proxy before MinIO with one fault, which happens once. */
export async function startFaultProxy(
  endpoint: string,
  fault: Fault,
): Promise<{ endpoint: string; close(): void }> {
  const target = new URL(endpoint);
  let happened = false;
  const once1 = (
    wanted: ((r: IncomingMessage) => boolean) | undefined,
    incoming: IncomingMessage,
  ): boolean => {
    if (happened || !wanted?.(incoming)) return false;
    happened = true;
    return true;
  };
  const server = createServer((incoming, answer) => {
    if (once1(fault.deny, incoming)) {
      incoming
        .resume()
        .once('end', () =>
          answer
            .writeHead(403, { 'content-type': 'application/xml' })
            .end('<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>'),
        );
      return;
    }
    const damage = once1(fault.damage, incoming);
    const lose = once1(fault.loseAnswer, incoming);
    const options = { host: target.hostname, port: target.port, method: incoming.method, path: incoming.url };
    const onward = request({ ...options, headers: incoming.headers }, (response) => {
      if (lose) {
        response.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.on('error', () => onward.destroy());
    let first = true;
    incoming.on('data', (chunk: Buffer) => {
      if (damage && first) chunk.writeUInt8(chunk.readUInt8(0) ^ 1, 0);
      first = false;
      onward.write(chunk);
    });
    incoming.once('end', () => onward.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
