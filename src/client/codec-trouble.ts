import { type WorkflowExecutionDescription, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAILURES, SteadyError, type FailureCode } from '../contracts/failures.js';
import { abortable } from './abortable.js';
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

export interface TroubleWatch {
  /** Rejects with that trouble as soon as the workflow has it; never resolves. */
  readonly trouble: Promise<never>;
  /** Ends it, and resolves when it asks nothing any more: a call that is tried again needs its connection. */
  end(): Promise<void>;
}

/** Looks again and again whether a workflow has that trouble. */
export function watchTrouble(steady: Steady, workflowId: string): TroubleWatch {
  const handle = steady.client.workflow.getHandle(workflowId);
  const stop = new AbortController();
  const { signal } = stop;
  const look = async (): Promise<SteadyError | undefined> => {
    // What else is wrong is told by the call itself.
    const found = await handle.describe().catch(() => undefined);
    return found && !signal.aborted
      ? await codecTrouble(handle, found.raw).catch(() => undefined)
      : undefined;
  };
  const looking = (async () => {
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      const trouble = await abortable(steady, signal, look);
      if (trouble !== undefined) return trouble;
    }
  })();
  return {
    trouble: looking.then((trouble) =>
      trouble ? Promise.reject(trouble) : new Promise<never>(() => undefined),
    ),
    async end() {
      stop.abort();
      await looking;
    },
  };
}
