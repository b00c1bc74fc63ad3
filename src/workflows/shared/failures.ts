import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  failureMessage,
  isFailureCode,
  type FailureCode,
  type FailureFacts,
} from '../../contracts/failures.js';

/** A failure of the registry, as workflows throw it: anything else would be taken for a defect of the workflow. */
export function fail(code: FailureCode, facts: FailureFacts = {}): ApplicationFailure {
  return ApplicationFailure.create({
    message: failureMessage(code, facts),
    type: code,
    nonRetryable: true,
    details: [facts],
  });
}

/** Whether it is this run that is being cancelled: a child somebody cancelled by itself has only failed. */
export function isOwnCancellation(error: unknown): boolean {
  return isCancellation(error) && CancellationScope.current().consideredCancelled;
}

export interface FailureWords {
  readonly code: FailureCode;
  readonly message: string;
}

/** The registry's name for whatever ended a step: the innermost failure that has a code, else what Temporal says. */
export function failureOf(error: unknown): FailureWords {
  if (isCancellation(error)) return { code: 'cancelled', message: 'cancelled' };
  let timeout: TimeoutFailure | undefined;
  let activity: ActivityFailure | undefined;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ActivityFailure) activity = at;
    if (at instanceof TimeoutFailure) timeout = at;
    if (at instanceof ApplicationFailure && at.type && isFailureCode(at.type))
      return { code: at.type, message: at.message };
  }
  if (timeout !== undefined) {
    const code = timeout.timeoutType === 'SCHEDULE_TO_START' ? 'worker.absent' : 'worker.lost';
    return {
      code,
      message: failureMessage(code, { step: activity?.activityType, timeout: timeout.timeoutType }),
    };
  }
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return {
    code: 'internal',
    message: failureMessage('internal', {
      error: innermost instanceof Error ? innermost.message : String(innermost),
    }),
  };
}
