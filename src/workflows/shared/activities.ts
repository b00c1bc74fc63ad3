import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import { taskQueue, type Role } from '../../contracts/names.js';

/**
 * Timeouts by class. Quick: look-ups and locks. Transfer: anything that moves data or waits for a tool; it heartbeats,
 * so a dead worker is noticed in `HEARTBEAT_SECONDS`, and its limit is the run's own.
 */
export const HEARTBEAT_SECONDS = 10;
/** How long after its last heartbeat an attempt may still be changing things: timeout, kill grace, a margin. */
export const AFTERLIFE_SECONDS = HEARTBEAT_SECONDS + 5;

const RETRY = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

export interface ProxyOptions {
  readonly site: string;
  /** Longest wait for a worker to take a step, in seconds. */
  readonly workerSeconds: number;
  /** Longest time for a transfer, in seconds. */
  readonly runSeconds: number;
}

/** Activities of one role as quick calls. */
export function quickly<R extends Role>(role: R, options: Omit<ProxyOptions, 'runSeconds'>): Activities[R] {
  return proxyActivities<Activities[R]>({
    taskQueue: taskQueue(options.site, role),
    scheduleToStartTimeout: options.workerSeconds * 1000,
    startToCloseTimeout: '60s',
    retry: { ...RETRY, maximumAttempts: 20 },
  }) as Activities[R];
}

/** Activities of one role as transfers. The workflow waits until a cancelled one is really gone. */
export function asTransfer<R extends Role>(role: R, options: ProxyOptions): Activities[R] {
  return proxyActivities<Activities[R]>({
    taskQueue: taskQueue(options.site, role),
    scheduleToStartTimeout: options.workerSeconds * 1000,
    startToCloseTimeout: options.runSeconds * 1000,
    heartbeatTimeout: HEARTBEAT_SECONDS * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { ...RETRY, maximumAttempts: 12 },
  }) as Activities[R];
}
