import { SteadyError } from '../../contracts/failures.js';

/** A stop of our own: the caller's abort becomes `cancelled`, a failed part stops the others with its own error. */
export interface Stop {
  readonly signal: AbortSignal;
  /** Stops with this error; the first one counts. */
  with(error: unknown): void;
  /** Throws the error it was stopped with. */
  check(): void;
  /** Lets go of the caller's signal. */
  release(): void;
}

export function stopFor(signal: AbortSignal | undefined, key: string): Stop {
  const controller = new AbortController();
  const onAbort = (): void =>
    controller.abort(new SteadyError('cancelled', { key }, { cause: signal?.reason }));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return {
    signal: controller.signal,
    with: (error) => controller.abort(error),
    check: () => controller.signal.throwIfAborted(),
    release: () => signal?.removeEventListener('abort', onAbort),
  };
}

/**
 * The chunks of a body until it ends, or until the signal aborts: then its reason is thrown at once, even while the
 * body waits for bytes that never come. A body's own error passes through as it is.
 */
export async function* takeBody(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const iterator = body[Symbol.asyncIterator]();
  // One listener for the whole stream: racing each chunk against one long-lived promise would keep every one of them.
  let refuse: ((reason: unknown) => void) | undefined;
  const onAbort = (): void => refuse?.(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let ended = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
        refuse = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done) {
        ended = true;
        return;
      }
      if (next.value.length > 0) yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a generator that waits for bytes would answer only when they come. Harmless after its own error.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
