import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFailureCode, SteadyError, type FailureCode } from '../contracts/failures.js';
import type { Steady } from './connect.js';
import { absent, patienceOf } from './reach.js';
import { waitsOf } from '../contracts/runs/waits.js';

/** A run's failure with the registry's code, its message as the run said it. */
export class RunFailure extends SteadyError {
  constructor(
    code: FailureCode,
    readonly said: string,
    readonly run: string,
  ) {
    super(code, {});
    this.message = said;
  }
}

/** Waits for a run's result; throws {@link RunFailure} with the code the run ended with. */
export async function resultOf<T>(handle: WorkflowHandle): Promise<T> {
  try {
    return (await handle.result()) as T;
  } catch (error) {
    throw runFailure(error, handle.workflowId);
  }
}

export function runFailure(error: unknown, run: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type && isFailureCode(cause.type))
    return new RunFailure(cause.type, cause.message, run);
  if (cause instanceof CancelledFailure) return new RunFailure('cancelled', 'cancelled', run);
  if (cause instanceof TerminatedFailure)
    return new RunFailure('cancelled', 'terminated: nothing was put back', run);
  if (cause instanceof TimeoutFailure)
    return new RunFailure('run.limit', 'the run took longer than its limit', run);
  return new RunFailure('internal', cause?.message ?? error.message, run);
}

const LOOK_MS = 1000;

/**
 * Waits for the result of a short run, and for no worker longer than the limit of the stack: throws `worker.absent` when
 * all that could go on with it are gone. Says what is waited for.
 */
export async function answerOf<T>(steady: Steady, handle: WorkflowHandle): Promise<T> {
  const ended = resultOf<T>(handle).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let told = '';
  for (;;) {
    const end = await Promise.race([ended, sleep(LOOK_MS, undefined, { ref: false })]);
    if (end !== undefined) {
      if ('error' in end) throw end.error;
      return end.value;
    }
    const { raw } = await handle.describe();
    const [wait] = waitsOf(raw);
    if (wait !== undefined && wait.words !== told) steady.onWait?.(`waiting for ${(told = wait.words)}`);
    const stuck = raw.pendingWorkflowTask !== undefined && wait?.since !== undefined;
    if (stuck && Date.now() - Date.parse(wait.since) > patienceOf(steady) * 1000) throw absent(steady);
  }
}
