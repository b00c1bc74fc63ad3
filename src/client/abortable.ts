import type { Steady } from './connect.js';

/** One try, with a signal of its own: the client never takes its listeners off, and tries may go on for a day. */
export async function abortable<T>(steady: Steady, stop: AbortSignal, call: () => Promise<T>): Promise<T> {
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  stop.addEventListener('abort', abort, { once: true });
  try {
    return await steady.client.withAbortSignal(attempt.signal, call);
  } finally {
    stop.removeEventListener('abort', abort);
  }
}
