import { randomBytes } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
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

export interface StartOptions<I extends RunInput> {
  readonly procedure: Procedure;
  readonly input: I;
  /** Id made by the client; starting the same request twice is starting it once. */
  readonly request?: string;
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
  const dryRun = (options.input as { readonly dryRun?: boolean }).dryRun === true;
  try {
    const handle = await steady.client.workflow.start(type, {
      workflowId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [options.input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      memo: { by: options.input.by.name, procedure: options.procedure, stack, dryRun },
      staticSummary: `${options.procedure} of ${stack}, asked by ${options.input.by.name}`,
    });
    await untilTaken(steady, handle);
    return handle;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      return steady.client.workflow.getHandle(workflowId);
    throw error;
  }
}
