import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { isFailureCode, SteadyError, type FailureCode } from '../contracts/failures.js';

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
