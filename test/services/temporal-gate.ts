import { readFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Authority, Certificate } from './certificates.js';

const UNAUTHENTICATED = '16';

/** What a Temporal with mTLS and API keys has before it: whoever has no certificate of its CA, or no key, stays outside. */
export interface TemporalGate {
  readonly address: string;
  /** `authorization` of each call, by its method, such as `StartWorkflowExecution`. */
  readonly seen: ReadonlyMap<string, ReadonlySet<string>>;
  close(): Promise<void>;
}

/** @param tls files of its own certificate, and of the CA whose clients it lets in */
export async function openGate(
  to: string,
  tls: Certificate & Pick<Authority, 'ca'>,
  apiKey: string,
): Promise<TemporalGate> {
  const behind = connect(`http://${to}`);
  behind.on('error', () => undefined);
  const seen = new Map<string, Set<string>>();
  const server: Http2SecureServer = createSecureServer({
    key: readFileSync(tls.key),
    cert: readFileSync(tls.cert),
    ca: readFileSync(tls.ca),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = String(headers[':path']).split('/').at(-1) ?? '';
    const authorization = headers.authorization ?? 'none';
    seen.set(method, (seen.get(method) ?? new Set()).add(authorization));
    if (authorization === `Bearer ${apiKey}`) return pass(stream, headers);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': UNAUTHENTICATED,
        'grpc-message': 'no such key',
      },
      { endStream: true },
    );
  });
  const pass = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const { authorization: _, ...rest } = headers;
    const asked = behind.request({ ...rest, ':scheme': 'http', ':authority': to });
    asked.on('error', () => stream.close(constants.NGHTTP2_CANCEL));
    stream.on('close', () => asked.close(constants.NGHTTP2_CANCEL));
    stream.pipe(asked);
    let trailers: IncomingHttpHeaders = {};
    asked.on('trailers', (given: IncomingHttpHeaders) => (trailers = given));
    asked.on('response', (answer, flags) => {
      // A failure has its status in the headers alone.
      const only = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (stream.destroyed) return;
      stream.respond(answer, only ? { endStream: true } : { waitForTrailers: true });
      if (only) return;
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      asked.pipe(stream);
    });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    seen,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      sessions.forEach((session) => session.destroy());
      behind.destroy();
      await closed;
    },
  };
}
