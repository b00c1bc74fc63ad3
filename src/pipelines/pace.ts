import { setTimeout as sleep } from 'node:timers/promises';

/** Holds streams back, so that together they move no more bytes a second than they may. */
export interface Pace {
  /** Waits until so many more bytes may move. Rejects when the signal aborts. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

/** What was not used of the last second may still be. */
const BURST_MS = 1000;

export function createPace(bytesPerSecond: number): Pace {
  /** When all that was taken has had its time. */
  let paid = 0;
  return {
    async take(bytes, signal) {
      const now = performance.now();
      paid = Math.max(paid, now - BURST_MS) + (bytes / bytesPerSecond) * 1000;
      if (paid > now) await sleep(paid - now, undefined, { signal });
    },
  };
}
