import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 60. */
  readonly seconds?: number;
  /** Pause between looks in milliseconds; default 50. */
  readonly every?: number;
}

/**
 * Looks again and again until the answer is there (neither undefined nor false); an error counts as not yet. Throws
 * with the last error when it does not come in time.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const { seconds = 60, every = 50 } = options;
  const until = performance.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > until) throw new Error(`${what}: not within ${seconds} s`, { cause: last });
    await sleep(every);
  }
}
