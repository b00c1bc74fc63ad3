import { connect, type ConnectOptions, type Steady } from '../client/connect.js';
import { reachFailure } from '../client/reach.js';

/** The one connection of an API: made when it is first needed, and made again when it could not be. */
export interface Temporal {
  /** Throws `temporal.unreachable` within a few seconds. */
  steady(): Promise<Steady>;
  close(): Promise<void>;
}

/** Longest wait of a request for a worker, in seconds: whoever calls over HTTP asks again rather than waits for minutes. */
const WORKER_SECONDS = 20;

export function createTemporal(options: ConnectOptions): Temporal {
  let connected: Promise<Steady> | undefined;
  return {
    async steady() {
      connected ??= connect({ ...options, workerSeconds: WORKER_SECONDS });
      try {
        return await connected;
      } catch (error) {
        connected = undefined;
        throw reachFailure(error, { address: options.address ?? '', namespace: options.namespace ?? '' });
      }
    },
    async close() {
      const steady = await connected?.catch(() => undefined);
      await steady?.close();
    },
  };
}
