import { SteadyError } from '../contracts/failures.js';

/** Measures how long one hop has been waited for; running only while something waits. */
export interface HopClock {
  start(): void;
  stop(): void;
  /** True when it has been waited for longer than that many seconds. */
  over(seconds: number): boolean;
  /** Runs while the promise is pending. */
  during<T>(promise: Promise<T>): Promise<T>;
}

export function createHopClock(): HopClock {
  let since: number | undefined;
  const start = (): void => {
    since = performance.now();
  };
  const stop = (): void => {
    since = undefined;
  };
  return {
    start,
    stop,
    over: (seconds) => since !== undefined && performance.now() - since > seconds * 1000,
    async during(promise) {
      start();
      try {
        return await promise;
      } finally {
        stop();
      }
    },
  };
}

/** Which hop no byte passes, and in which way. */
export interface Stall {
  readonly hop: string;
  readonly why: string;
  readonly seconds: number;
}

/**
 * Looks several times within the limit whether a hop has stood still. `find` decides which one is to blame: when
 * storage takes nothing, everything before it stands still too.
 *
 * @returns a function that ends the watch
 */
export function watchStall(options: {
  readonly stream: string;
  /** The shortest limit, in seconds. */
  readonly seconds: number;
  readonly find: () => Stall | undefined;
  readonly onStall: (error: SteadyError) => void;
}): () => void {
  const every = Math.min(1000, Math.max(20, options.seconds * 200));
  const timer = setInterval(() => {
    const stall = options.find();
    if (stall === undefined) return;
    clearInterval(timer);
    const { hop, why, seconds } = stall;
    options.onStall(
      new SteadyError('stream.stalled', { stream: options.stream, hop, why, limit: `${seconds}s` }),
    );
  }, every);
  return () => clearInterval(timer);
}
