import { isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from './abortable.js';
import { codecTrouble, watchTrouble } from './codec-trouble.js';
import { SteadyError } from '../contracts/failures.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import { formatDuration } from '../contracts/stack/units.js';
import type { Steady } from './connect.js';

/** Longest wait for a worker, in seconds. */
export const patienceOf = (steady: Steady): number => steady.workerSeconds ?? 300;

/** Started, its first task scheduled and begun: what comes after that is how it ended. */
const FIRST_TASK = 3;
/** What a worker has to answer is waited for in silence this long; then it is said. */
const QUIET_MS = 3000;
const PAUSE_MS = 250;

// Codes of gRPC (grpc.github.io, "Status codes"): not worth a dependency of its own.
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/**
 * Makes a call that only a worker of workflows can answer (a query, an update), again and again until one does. Throws
 * `worker.absent` when none does within the limit of the stack, and what keeps a worker from reading the run.
 */
export async function askWorker<T>(steady: Steady, workflowId: string, call: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const { trouble, end } = watchTrouble(steady, workflowId);
  const waiting = tellLater(steady, 'no worker answers yet');
  const timer = setTimeout(() => stop.abort(), patienceOf(steady) * 1000);
  try {
    for (;;) {
      try {
        return await Promise.race([abortable(steady, stop.signal, call), trouble]);
      } catch (error) {
        if (error instanceof SteadyError) throw error;
        if (stop.signal.aborted) throw absent(steady, error);
        if (!isNobodyThere(error)) throw error;
        await sleep(PAUSE_MS);
      }
    }
  } finally {
    stop.abort();
    clearTimeout(timer);
    waiting.end();
    await end();
  }
}

/**
 * Waits until a worker has taken a run that was just started. When none does within the limit of the stack the run is
 * taken back, so that nothing begins behind anyone's back later, and `worker.absent` is thrown.
 */
export async function untilTaken(steady: Steady, handle: WorkflowHandle): Promise<void> {
  const waiting = tellLater(steady, 'no worker has taken the run yet');
  const until = Date.now() + patienceOf(steady) * 1000;
  try {
    for (let pause = 20; ; pause = Math.min(pause * 2, PAUSE_MS)) {
      const { raw } = await handle.describe();
      const trouble = await codecTrouble(handle, raw);
      if (trouble !== undefined) {
        await handle.terminate(trouble.message).catch(() => undefined);
        throw trouble;
      }
      if (Number(raw.workflowExecutionInfo?.historyLength ?? 0) > FIRST_TASK) return;
      if (Date.now() > until) {
        await handle.terminate('no worker took it').catch(() => undefined);
        throw absent(steady);
      }
      await sleep(pause);
    }
  } finally {
    waiting.end();
  }
}

/** Says what is waited for once it takes longer than a moment, and again when it is something else. */
export function tellLater(steady: Steady, words: string): { end(): void } {
  const { onWait } = steady;
  if (onWait === undefined) return { end: () => undefined };
  const limit = formatDuration(patienceOf(steady));
  const timer = setTimeout(() => onWait(`${words}; waiting up to ${limit}`), QUIET_MS);
  return { end: () => clearTimeout(timer) };
}

export function absent(steady: Steady, cause?: unknown): SteadyError {
  const facts = { queue: WORKFLOW_TASK_QUEUE, waited: formatDuration(patienceOf(steady)) };
  return new SteadyError('worker.absent', facts, { cause });
}

/** The server gave up because no worker asked for work: an answer may come later. */
function isNobodyThere(error: unknown): boolean {
  const grpc = grpcErrorOf(error);
  if (grpc === undefined) return false;
  return (
    grpc.code === DEADLINE_EXCEEDED || (grpc.code === FAILED_PRECONDITION && /poller/i.test(grpc.details))
  );
}

/** What Temporal's client throws, in words of the registry where it is about reaching it; others as they are. */
export function reachFailure(error: unknown, steady: Pick<Steady, 'address' | 'namespace'>): unknown {
  const { address, namespace } = steady;
  if (error instanceof Error && error.name === 'NamespaceNotFoundError')
    return new SteadyError(
      'temporal.unreachable',
      { address, namespace, says: 'no such namespace' },
      { cause: error },
    );
  const grpc = grpcErrorOf(error);
  if (grpc === undefined) return error;
  const unreachable = [DEADLINE_EXCEEDED, PERMISSION_DENIED, UNAVAILABLE, UNAUTHENTICATED];
  const ofNamespace = grpc.code === NOT_FOUND && /namespace/i.test(grpc.details);
  if (!unreachable.includes(grpc.code) && !ofNamespace) return error;
  return new SteadyError(
    'temporal.unreachable',
    { address, namespace, says: grpc.details },
    { cause: error },
  );
}

interface GrpcError {
  readonly code: number;
  readonly details: string;
}

/** What the server, or the way to it, says of a call that failed. */
export const saidBy = (error: unknown): string | undefined =>
  grpcErrorOf(error)?.details ?? (error instanceof Error ? error.message : undefined);

function grpcErrorOf(error: unknown): GrpcError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return { code: at.code, details: at.details };
  }
  return undefined;
}
