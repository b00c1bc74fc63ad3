import { randomBytes } from 'node:crypto';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import { SteadyError } from '../contracts/failures.js';
import { runId, timeId, type Procedure } from '../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import type { RunInput } from '../contracts/runs/snapshot.js';
import type { Steady } from './connect.js';
import { untilTaken } from './reach.js';

/** Workflow type of each procedure a client may start. */
const TYPES: Partial<Record<Procedure, string>> = {
  backup: 'backup',
  import: 'importDumps',
  verify: 'verify',
  prune: 'prune',
  sweep: 'sweep',
  restore: 'restore',
  'restore-undo': 'undoRestore',
  restart: 'changeServices',
  stop: 'changeServices',
  start: 'changeServices',
  deploy: 'deploy',
  rollback: 'deploy',
  scale: 'deploy',
  job: 'job',
  check: 'check',
  look: 'look',
  mark: 'mark',
  notify: 'notify',
};

/** A request that may come twice, as after a lost answer: it is one run. */
export interface Once {
  /** Id of the request: the same for the same one, whenever it comes. */
  readonly request: string;
  /** Digest of all that was asked: another one is another request. */
  readonly digest: string;
  /** Whether the second one is given the run of the first, or refused as `webhook.replayed`. */
  readonly repeated: 'given' | 'refused';
}

export interface StartOptions<I extends RunInput> {
  readonly procedure: Procedure;
  readonly input: I;
  /** Id made by the client; starting the same request twice is starting it once. */
  readonly request?: string;
  readonly once?: Once;
  /** What it changes, for who may steer it. */
  readonly targets?: readonly string[];
  /** Although the same request was there before: no worker had taken it. */
  readonly again?: boolean;
}

/** A fresh request id, such as `20261122T020000Z-k7q2m9xd`. */
export function newRequest(now = new Date()): string {
  return timeId(now, randomBytes(5));
}

/**
 * Starts a procedure by hand, and waits until a worker has taken it. A request that was started already gives the handle
 * of that run. Throws `worker.absent`, with nothing started, when no worker takes it within the limit.
 */
export async function startRun<I extends RunInput>(
  steady: Steady,
  options: StartOptions<I>,
): Promise<WorkflowHandle> {
  const type = TYPES[options.procedure];
  if (type === undefined) throw new SteadyError('usage.invalid', { procedure: options.procedure });
  const { stack } = options.input.snapshot.stack;
  const workflowId = runId(options.procedure, stack, options.request ?? newRequest());
  const { once } = options;
  const dryRun = (options.input as { readonly dryRun?: boolean }).dryRun === true;
  try {
    const handle = await steady.client.workflow.start(type, {
      workflowId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [options.input],
      workflowIdReusePolicy: options.again === true ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
      memo: {
        by: options.input.by.name,
        procedure: options.procedure,
        stack,
        dryRun,
        ...(once && { asked: once.digest }),
        ...(options.targets && { targets: options.targets }),
      },
      staticSummary: `${options.procedure} of ${stack}, asked by ${options.input.by.name}`,
    });
    await untilTaken(steady, handle);
    return handle;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    if (once === undefined) return steady.client.workflow.getHandle(workflowId);
    const before = await repeatedRun(steady, { procedure: options.procedure, stack, once });
    return before ?? (await startRun(steady, { ...options, again: true }));
  }
}

/** Started, its first task scheduled: what a worker took has more. */
const UNTAKEN = 3;

/**
 * The run of a request that came before; undefined where there is none, or no worker ever took it. Throws
 * `request.reused` where something else was asked, `webhook.replayed` where it may not come twice.
 */
export async function repeatedRun(
  steady: Steady,
  { procedure, stack, once }: { readonly procedure: Procedure; readonly stack: string; readonly once: Once },
): Promise<WorkflowHandle | undefined> {
  const handle = steady.client.workflow.getHandle(runId(procedure, stack, once.request));
  const { workflowId } = handle;
  const found = await handle.describe().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  if (found.status.name === 'TERMINATED' && (found.historyLength ?? 0) <= UNTAKEN + 1) return undefined;
  if (found.memo?.['asked'] !== once.digest) throw new SteadyError('request.reused', { run: workflowId });
  if (once.repeated === 'refused') throw new SteadyError('webhook.replayed', { run: workflowId });
  return handle;
}
