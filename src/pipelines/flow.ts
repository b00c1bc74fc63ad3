import { SteadyError } from '../contracts/failures.js';
import { spawnTool, type RunningTool, type SpawnToolOptions } from './spawn-tool.js';
import type { PlacedTool } from './tool.js';

/** One moving stream: what it started, and its first failure, which is the one that is reported. */
export interface Flow {
  /** Aborts with the first failure. */
  readonly signal: AbortSignal;
  /** Only the first call counts: it ends every tool and rejects every wait. */
  fail(error: unknown): void;
  /** Waits for something, but no longer than until the flow fails. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** Starts a tool that ends with the flow. */
  start(tool: PlacedTool, options?: Omit<SpawnToolOptions, 'signal'>): Promise<RunningTool>;
  /** Ends what still runs and throws the first failure, if there was one. */
  close(): Promise<void>;
}

/** Begins a flow. When the signal aborts it fails with `cancelled`. */
export function openFlow(stream: string, signal?: AbortSignal): Flow {
  const controller = new AbortController();
  const tools: RunningTool[] = [];
  // A set, not Promise.race with one promise of failure: that one would collect a reaction for each chunk ever moved.
  const waiting = new Set<(error: unknown) => void>();
  let failure: { readonly error: Error } | undefined;

  const fail = (error: unknown): void => {
    if (failure) return;
    failure = { error: error as Error };
    for (const reject of waiting) reject(error);
    waiting.clear();
    controller.abort(error);
    for (const tool of tools) tool.end().catch(() => undefined); // close() awaits the same promise and reports
  };
  const onAbort = (): void => fail(new SteadyError('cancelled', { stream }));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();

  const wait = <T>(promise: Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (failure) {
        promise.catch(() => undefined);
        reject(failure.error);
        return;
      }
      waiting.add(reject);
      promise.then(
        (value) => {
          waiting.delete(reject);
          resolve(value);
        },
        (error: Error) => {
          waiting.delete(reject);
          reject(error);
        },
      );
    });

  const start = async (
    tool: PlacedTool,
    options?: Omit<SpawnToolOptions, 'signal'>,
  ): Promise<RunningTool> => {
    if (failure) throw failure.error;
    const running = await spawnTool(tool, options);
    tools.push(running);
    if (failure) running.end().catch(() => undefined);
    return running;
  };

  const close = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    if (!failure) return;
    const ends = await Promise.allSettled(tools.map((tool) => tool.end()));
    const left = ends.find((end) => end.status === 'rejected');
    throw left === undefined ? failure.error : withLeftOver(failure.error, left.reason);
  };
  return { signal: controller.signal, fail, wait, start, close };
}

/** Runs the work inside a flow: whatever way it ends, nothing it started is left running. */
export async function withFlow<T>(
  stream: string,
  signal: AbortSignal | undefined,
  work: (flow: Flow) => Promise<T>,
): Promise<T> {
  const flow = openFlow(stream, signal);
  const result = await work(flow).catch((error: unknown) => {
    flow.fail(error);
    return undefined;
  });
  await flow.close();
  return result as T;
}

/** The failure stays the failure; that something could not be ended is told beside it. */
function withLeftOver(error: unknown, left: unknown): unknown {
  if (!(error instanceof SteadyError)) return error;
  const message = left instanceof Error ? left.message : String(left);
  return new SteadyError(
    error.code,
    { ...error.facts, leftRunning: message },
    { cause: error, retryable: error.retryable },
  );
}
