import { type WorkflowExecutionDescription, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAILURES, SteadyError, type FailureCode } from '../contracts/failures.js';
import type { Steady } from './connect.js';

const LOOK_MS = 500;
const CODES = ['codec.key-missing', 'codec.mismatch', 'codec.plain'] as const satisfies FailureCode[];

/**
 * What keeps workers from reading a run: another key than ours, or none. They try again and again, and would take it up
 * with the right keys; whoever waits for an answer has to be told.
 */
export async function codecTrouble(
  handle: WorkflowHandle,
  raw: WorkflowExecutionDescription['raw'],
): Promise<SteadyError | undefined> {
  if ((raw.pendingWorkflowTask?.attempt ?? 1) < 2) return undefined;
  const { events } = await handle.fetchHistory();
  const failed = events?.findLast((event) => Boolean(event.workflowTaskFailedEventAttributes));
  const says = failed?.workflowTaskFailedEventAttributes?.failure?.message ?? '';
  const code = CODES.find((one) => says.startsWith(FAILURES[one].what));
  return code && new SteadyError(code, { run: handle.workflowId, worker: says });
}

/** Rejects with that trouble as soon as a workflow has it; never settles otherwise. */
export async function untilTrouble(steady: Steady, workflowId: string, stop: AbortSignal): Promise<never> {
  const handle = steady.client.workflow.getHandle(workflowId);
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
    // Nobody waits for it any more, and the connection may be closed.
    if (stop.aborted) return await new Promise<never>(() => undefined);
    // What else is wrong is told by the call itself.
    const raw = await handle.describe().then(
      (found) => found.raw,
      () => undefined,
    );
    const trouble = raw && (await codecTrouble(handle, raw));
    if (trouble !== undefined) throw trouble;
  }
}
