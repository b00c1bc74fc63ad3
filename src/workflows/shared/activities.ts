import {
  ActivityCancellationType,
  ActivityFailure,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import { taskQueue, type Role } from '../../contracts/names.js';
import { fail } from './failures.js';

/**
 * Timeouts by class. Quick: look-ups and locks. Transfer: anything that moves data or waits for a tool; its limit is the
 * run's own. Both heartbeat, so a dead worker is noticed in `HEARTBEAT_SECONDS`.
 */
export const HEARTBEAT_SECONDS = 10;
/** How long after its last heartbeat an attempt may still be changing things: timeout, kill grace, a margin. */
export const AFTERLIFE_SECONDS = HEARTBEAT_SECONDS + 5;
/** Longest wait of a compensation for a worker: what was begun is put back also after a weekend without power. */
export const UNDO_PATIENCE_SECONDS = 7 * 86_400;
/** Least time a compensation is given once a worker has it, however short the run's own limit. */
export const UNDO_SECONDS = 3600;
/** Attempts of a compensation, about an hour: a database or an engine that restarts is back by then. */
export const UNDO_ATTEMPTS = 130;

/** Attempts of a transfer that is not given another number: about three minutes. */
export const ATTEMPTS = 12;

/** How many attempts come within so many seconds, by the waits between them. */
export function attemptsWithin(seconds: number): number {
  let attempts = 1;
  for (let waited = 0, wait = 0.5; waited + wait <= seconds; wait = Math.min(30, wait * 2)) {
    waited += wait;
    attempts++;
  }
  return attempts;
}

const RETRY = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

export interface ProxyOptions {
  readonly site: string;
  /** Longest wait for a worker to take a step, in seconds. */
  readonly workerSeconds: number;
  /** Longest time for a transfer, in seconds. */
  readonly runSeconds: number;
  /** Left out: {@link ATTEMPTS}. */
  readonly attempts?: number;
}

/** Activities of one role as quick calls. */
export function quickly<R extends Role>(
  role: R,
  options: Pick<ProxyOptions, 'site' | 'workerSeconds'>,
): Activities[R] {
  const queue = taskQueue(options.site, role);
  const proxy = proxyActivities({
    taskQueue: queue,
    scheduleToStartTimeout: halfOf(options.workerSeconds),
    startToCloseTimeout: '60s',
    heartbeatTimeout: HEARTBEAT_SECONDS * 1000,
    retry: { ...RETRY, maximumAttempts: 20 },
  });
  return askedTwice<R>(proxy, queue, options.workerSeconds);
}

/** Activities of one role as transfers. The workflow waits until a cancelled one is really gone. */
export function asTransfer<R extends Role>(role: R, options: ProxyOptions): Activities[R] {
  const queue = taskQueue(options.site, role);
  const proxy = proxyActivities({
    taskQueue: queue,
    scheduleToStartTimeout: halfOf(options.workerSeconds),
    startToCloseTimeout: options.runSeconds * 1000,
    heartbeatTimeout: HEARTBEAT_SECONDS * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { ...RETRY, maximumAttempts: options.attempts ?? ATTEMPTS },
  });
  return askedTwice<R>(proxy, queue, options.workerSeconds);
}

type AnyActivity = (...args: unknown[]) => Promise<unknown>;

const halfOf = (seconds: number): number => Math.ceil((seconds * 1000) / 2);

/**
 * Each activity is offered twice, each time for half of the wait. After a power cut Temporal finds the first offer
 * expired before any worker could come up; the second begins when Temporal is back.
 */
function askedTwice<R extends Role>(
  proxy: Record<string, AnyActivity>,
  queue: string,
  seconds: number,
): Activities[R] {
  const offered = (name: string, activity: AnyActivity): AnyActivity =>
    async function (...args) {
      try {
        return await activity(...args);
      } catch (error) {
        if (!nobodyCame(error)) throw error;
      }
      try {
        return await activity(...args);
      } catch (error) {
        if (!nobodyCame(error)) throw error;
        throw fail('worker.absent', { queue, step: name, waited: `${seconds}s` });
      }
    };
  return new Proxy(proxy, {
    get: (target, name) => {
      const activity = typeof name === 'string' ? target[name] : undefined;
      return activity && offered(name as string, activity);
    },
  }) as unknown as Activities[R];
}

const nobodyCame = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof TimeoutFailure &&
  error.cause.timeoutType === 'SCHEDULE_TO_START';
