import * as http from 'node:http';
import * as https from 'node:https';
import { SteadyError } from '../../contracts/failures.js';

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** PEM of the only CA trusted; the system's when left out. */
  readonly ca?: string | undefined;
  /** Longest time until the whole answer is here, in seconds. */
  readonly limitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The body was longer than 1 MiB and is cut there. */
  readonly cut: boolean;
  readonly location: string | undefined;
  readonly seconds: number;
}

/** Why there is no answer, in words; a result and no failure of ours. */
export class NoAnswer extends Error {}

const MAX_BYTES = 2 ** 20;
const MAX_REDIRECTS = 3;

/**
 * Asks over HTTP or HTTPS on a connection of its own. Redirects of GET and HEAD are followed within the same origin
 * (scheme, host, port) only, so that credentials go nowhere else; another one is the answer itself.
 *
 * @throws NoAnswer when the server cannot be reached, is too slow or is not trusted; `cancelled` when aborted
 */
export async function ask(
  request: HttpRequest,
  options: { readonly followRedirects: boolean },
): Promise<HttpAnswer> {
  const begun = performance.now();
  const until = begun + request.limitSeconds * 1000;
  let url = new URL(request.url);
  for (let hops = 0; ; hops++) {
    const answer = await askOnce(request, url, until, begun);
    const next =
      options.followRedirects && hops < MAX_REDIRECTS ? redirect(request.method, url, answer) : undefined;
    if (next === undefined) return answer;
    url = next;
  }
}

function redirect(method: string, from: URL, answer: HttpAnswer): URL | undefined {
  if (answer.location === undefined || ![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (!URL.canParse(answer.location, from.href)) return undefined;
  const to = new URL(answer.location, from);
  return to.origin === from.origin ? to : undefined;
}

function askOnce(request: HttpRequest, url: URL, until: number, begun: number): Promise<HttpAnswer> {
  if (request.signal?.aborted) throw new SteadyError('cancelled', { check: 'http' });
  const limit = AbortSignal.timeout(Math.max(1, Math.ceil(until - performance.now())));
  const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      if (request.signal?.aborted) reject(new SteadyError('cancelled', { check: 'http' }));
      else if (limit.aborted)
        reject(new NoAnswer(`no answer within ${Number(request.limitSeconds.toFixed(1))} s`));
      else reject(new NoAnswer(inWords(error), { cause: error }));
    };
    const options = {
      method: request.method,
      headers: {
        'user-agent': 'steadyhand',
        ...(request.body !== undefined && { 'content-length': String(Buffer.byteLength(request.body)) }),
        ...request.headers,
      },
      agent: false as const,
      signal,
    };
    let outgoing: http.ClientRequest;
    try {
      outgoing =
        url.protocol === 'https:'
          ? https.request(url, { ...options, ...(request.ca !== undefined && { ca: request.ca }) })
          : http.request(url, options);
    } catch (error) {
      // A header value with a newline in it, for instance. The message names the header, not the value.
      reject(new NoAnswer(inWords(error as Error), { cause: error }));
      return;
    }
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (cut: boolean): void =>
        resolve({
          status: incoming.statusCode ?? 0,
          body: Buffer.concat(chunks).subarray(0, MAX_BYTES).toString('utf8'),
          cut,
          location: incoming.headers.location,
          seconds: (performance.now() - begun) / 1000,
        });
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= MAX_BYTES) return;
        done(true);
        incoming.destroy();
      });
      incoming.on('end', () => done(false));
      incoming.on('error', fail);
    });
    outgoing.end(request.body);
  });
}

/** Node's own words, with the address; several addresses tried are one error without words of its own. */
function inWords(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((one) => (one as Error).message).join(', ');
  return error.message === '' ? ((error as NodeJS.ErrnoException).code ?? 'no answer') : error.message;
}
