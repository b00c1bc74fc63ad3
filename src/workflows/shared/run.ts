import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { ledgerEntityId, type Procedure } from '../../contracts/ids.js';
import { RECORD_SIGNAL, type RecordSignal } from '../../contracts/runs/ledger.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { TIMELINE_QUERY, type Step, type Timeline } from '../../contracts/runs/timeline.js';
import { mark } from './attributes.js';
import { failureMessage } from '../../contracts/failures.js';
import { failureOf } from './failures.js';
import { details } from './details.js';
import { createApprovals, type Approvals } from './approvals.js';
import { compensate, type Compensation, type CompensationOrder, type DataLeft } from './compensation.js';
import { createLocks, type Locks } from './locks.js';
import { runActivities, type RunActivities } from './run-activities.js';
import { tellAsked, tellEnd } from './tell-run.js';

const timelineQuery = defineQuery<Timeline>(TIMELINE_QUERY);
const recordSignal = defineSignal<[RecordSignal]>(RECORD_SIGNAL);

/** What a procedure's story is told with. */
export interface Run {
  /** Runs a step: timeline, current details, query and evidence at once. Notes are results worth keeping. */
  step<T>(title: string, body: (note: (line: string) => void) => Promise<T>): Promise<T>;
  /** Registered before the step it undoes; run in reverse order when the run does not finish. */
  compensate(title: string, body: () => Promise<unknown>, order?: CompensationOrder): void;
  /**
   * Done at the end of the run however it ends, after any compensation, which may have left data as they are. Words it
   * gives go into the run's failure.
   */
  atEnd(body: (dataLeft: DataLeft) => Promise<string | void>): void;
  /** Compensations are no longer wanted: the run has done what cannot be half done. A cancelled run throws here. */
  commit(): void;
  readonly locks: Locks;
  readonly approvals: Approvals;
  readonly activities: RunActivities;
  readonly startedAt: Date;
  readonly timeline: Timeline;
}

export interface ProcedureOptions {
  readonly procedure: Procedure;
  /** Longest time, in seconds; compensation still runs after it. */
  readonly limitSeconds: number;
  /** Children and look-ups leave no record of their own. */
  readonly record: boolean;
  /** How a failure after which all was put back is told; left out: by its cause. */
  readonly rollsBack?: () => 'deploy.rolled-back' | 'deploy.held';
}

/** `setup()` of every procedure, then its `body` reads as the runbook; the ending is the same for all. */
export async function runProcedure<T>(
  input: RunInput,
  options: ProcedureOptions,
  body: (run: Run) => Promise<T>,
): Promise<T> {
  const { stack } = input.snapshot.stack;
  const startedAt = new Date();
  const timeline: Mutable<Timeline> = {
    procedure: options.procedure,
    stack,
    by: input.by.name,
    startedAt: startedAt.toISOString(),
    steps: [],
  };
  setHandler(timelineQuery, () => timeline);
  mark('SteadyStack', stack);
  mark('SteadyProcedure', options.procedure);

  const activities = runActivities(input, options.limitSeconds);
  const waiting = (words: string | undefined): void => {
    timeline.waiting = words;
    details(timeline);
  };
  const locks = createLocks(input, activities.quick, waiting);
  const approvals = createApprovals(input, waiting, {
    awaiting: (role) => mark('SteadyAwaiting', role),
    tell: (state) => tellAsked(input, options.procedure, state),
  });
  const endings: ((dataLeft: DataLeft) => Promise<string | void>)[] = [];
  let compensations: Compensation[] = [];

  const step = async <R>(
    title: string,
    stepBody: (note: (line: string) => void) => Promise<R>,
  ): Promise<R> => {
    stopWhenCancelled();
    const entry: Step = { title, status: 'running', startedAt: new Date().toISOString(), notes: [] };
    timeline.steps.push(entry);
    details(timeline);
    try {
      const result = await stepBody((line) => entry.notes.push(line));
      entry.status = 'done';
      return result;
    } catch (error) {
      entry.status = 'failed';
      entry.failure = failureOf(error);
      throw error;
    } finally {
      entry.endedAt = new Date().toISOString();
      details(timeline);
    }
  };
  const run: Run = {
    step,
    compensate: (title, undo, order = {}) => compensations.push({ title, body: undo, order }),
    atEnd: (ending) => endings.push(ending),
    commit: () => {
      stopWhenCancelled();
      compensations = [];
    },
    locks,
    approvals,
    activities,
    startedAt,
    timeline,
  };

  let result: T;
  try {
    const limited = new CancellationScope({ timeout: options.limitSeconds * 1000, cancellable: true });
    result = await limited.run(() => body(run));
  } catch (error) {
    let failure = failureOf(error);
    const timedOut = isCancellation(error) && Date.now() - startedAt.getTime() >= options.limitSeconds * 1000;
    if (timedOut)
      failure = {
        code: 'run.limit',
        message: failureMessage('run.limit', { limit: `${options.limitSeconds}s` }),
      };
    let putBack = true;
    await CancellationScope.nonCancellable(async () => {
      const left = await compensate(compensations, step);
      putBack = left.all.length === 0;
      if (putBack && options.rollsBack !== undefined && compensations.length > 0) {
        const because = failure.message;
        const code = options.rollsBack();
        failure = { code, message: failureMessage(code, { because }) };
      }
      if (!putBack && failure.code === 'cancelled')
        failure = { code: 'run.left', message: failureMessage('run.left', left.data) };
      const words = [
        ...(left.all.length > 0 ? [`could not be undone: ${left.all.join(', ')}`] : []),
        ...(await end(left.data)),
      ];
      failure = { ...failure, message: [failure.message, ...words].join('; ') };
      await finish(outcomeOf(failure.code), { failure });
    });
    if (failure.code === 'cancelled' && isCancellation(error)) throw error;
    throw ApplicationFailure.create({ message: failure.message, type: failure.code, nonRetryable: true });
  }
  await CancellationScope.nonCancellable(async () => {
    await end({});
    await finish('done', { result });
  });
  return result;

  /** Never throws: what cannot be let go of here is let go of by its entity, which sees that this run has closed. */
  async function end(dataLeft: DataLeft): Promise<string[]> {
    const words: string[] = [];
    for (const ending of endings.reverse()) {
      const said = await ending(dataLeft).catch(() => undefined);
      if (typeof said === 'string') words.push(said);
    }
    return words;
  }

  /** Never throws: what was done stays done, whoever could not be told of it. */
  async function finish(outcome: Outcome, end: Ending): Promise<void> {
    await locks.releaseAll();
    waiting(undefined);
    mark('SteadyOutcome', outcome);
    if (!options.record) return;
    await submitRecord(outcome, end).catch(() => undefined);
    await tellEnd(input, timeline, { outcome, failure: end.failure }).catch(() => undefined);
  }

  /** By an activity that starts the ledger where there is none; without a worker straight to the one that runs. */
  async function submitRecord(outcome: Outcome, end: Ending): Promise<void> {
    const { workflowId, runId } = workflowInfo();
    const record: RecordSignal['record'] = {
      stack,
      procedure: options.procedure,
      run: { workflowId, runId },
      by: input.by.name,
      startedAt: timeline.startedAt,
      closedAt: new Date().toISOString(),
      outcome,
      ...(end.failure && { failure: end.failure }),
      configSha256: input.snapshot.configSha256,
      steps: timeline.steps,
      approvals: [...approvals.decided()],
      ...(end.result !== undefined && { result: end.result }),
    };
    const submitted: RecordSignal = { snapshot: input.snapshot, record };
    try {
      await activities.quick.submitRecord(submitted);
    } catch {
      await getExternalWorkflowHandle(ledgerEntityId(stack)).signal(recordSignal, submitted);
    }
  }
}

/** An activity may have finished well although it was told to stop: the next step does not begin. */
export function stopWhenCancelled(): void {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
}

type Outcome = 'done' | 'failed' | 'denied' | 'expired' | 'cancelled';

interface Ending {
  readonly result?: unknown;
  readonly failure?: { readonly code: string; readonly message: string };
}

function outcomeOf(code: string): Outcome {
  switch (code) {
    case 'cancelled':
      return 'cancelled';
    case 'approval.denied':
      return 'denied';
    case 'approval.expired':
      return 'expired';
    default:
      return 'failed';
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
