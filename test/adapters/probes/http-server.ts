import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { makeAuthority } from '../../services/certificates.js';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Answerer = (request: Seen, response: http.ServerResponse) => void;

export interface TestServer {
  readonly url: string;
  /** Requests so far, oldest first. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A real HTTP server on a free port of this machine; HTTPS with a key and certificate. */
export async function serve(answer: Answerer, tls?: { key: Buffer; cert: Buffer }): Promise<TestServer> {
  const seen: Seen[] = [];
  const listener = (incoming: http.IncomingMessage, response: http.ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      seen.push(request);
      answer(request, response);
    });
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A CA of its own in the folder, `ca.pem`, and a certificate of it for 127.0.0.1. */
export function makeCertificate(folder: string): { key: Buffer; cert: Buffer } {
  const { key, cert } = makeAuthority(folder).issue('api', 'IP:127.0.0.1');
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
