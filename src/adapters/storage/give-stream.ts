import { Readable } from 'node:stream';
import { SteadyError } from '../../contracts/failures.js';

/**
 * A readable over an async source that ends at once when it is destroyed or the caller aborts, also while the source
 * waits: the source gets a signal for that. Aborting ends it with `cancelled`.
 */
export function giveStream(
  source: (signal: AbortSignal) => AsyncIterable<Buffer>,
  options: { readonly key: string; readonly signal?: AbortSignal | undefined },
): Readable {
  const ended = new AbortController();
  const iterator = source(ended.signal)[Symbol.asyncIterator]();
  const onAbort = (): void => {
    readable.destroy(new SteadyError('cancelled', { key: options.key }, { cause: options.signal?.reason }));
  };
  const readable = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      iterator.next().then(
        (next) => this.push(next.done ? null : next.value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done) {
      options.signal?.removeEventListener('abort', onAbort);
      ended.abort();
      void Promise.resolve(iterator.return?.()).catch(() => undefined);
      done(error);
    },
  });
  // An abort may come before anyone reads, and an error that nobody listens to ends the process. Readers get it still.
  readable.on('error', () => undefined);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  return readable;
}

/** The whole of a small stream. */
export async function readWhole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
