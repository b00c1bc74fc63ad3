import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { SteadyError } from '../contracts/failures.js';

/**
 * Turns registry errors into Temporal's failures: the code becomes the type, so that the workflow, the history, CLI
 * and API all show the same code. Other errors keep their message and are retried: a defect shows itself by repeating.
 */
export function createFailureInterceptor(): ActivityInboundCallsInterceptor {
  return {
    async execute(
      input: ActivityExecuteInput,
      next: Next<ActivityInboundCallsInterceptor, 'execute'>,
    ): Promise<unknown> {
      try {
        return await next(input);
      } catch (error) {
        // Whatever a body throws after it was told to stop, it stopped because of that.
        const { cancellationSignal } = Context.current();
        throw cancellationSignal.aborted ? (cancellationSignal.reason ?? error) : asFailure(error);
      }
    },
  };
}

export function asFailure(error: unknown): unknown {
  if (!(error instanceof SteadyError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !error.retryable,
    details: [error.facts],
    ...(error.cause instanceof Error && { cause: error.cause }),
  });
}
