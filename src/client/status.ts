import { ScheduleNotFoundError } from '@temporalio/client';
import { SteadyError } from '../contracts/failures.js';
import type { StorageState } from '../contracts/runs/claims.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { HOLD_QUERY, toUndo, type HoldState } from '../contracts/runs/procedures.js';
import { scheduleId, targetEntityId } from '../contracts/ids.js';
import type { LedgerState } from '../contracts/runs/ledger.js';
import type { Freeze, LockHolder, LockRequest, NotBack } from '../contracts/runs/locks.js';
import type { Steady } from './connect.js';
import { ledgerState, storageState, targetState } from './entities.js';
import { askWorker } from './reach.js';
import { askedBy } from './approvals.js';
import { listRuns, retriesOf, type RunLine } from './runs.js';
import { untoldLines, type UntoldLine } from './untold.js';
import type { StepRetry } from '../contracts/runs/waits.js';

export interface TargetLine {
  readonly target: string;
  readonly frozen?: Freeze | undefined;
  readonly notBack?: NotBack | undefined;
  readonly holders: readonly LockHolder[];
  readonly waiting: readonly LockRequest[];
}

export interface PlanLine {
  readonly plan: string;
  readonly schedule: string;
  readonly next?: string | undefined;
  readonly paused?: string | undefined;
  readonly skipped: number;
  readonly missed: number;
  readonly last?: RunLine | undefined;
}

/** Data that a restore replaced (or, once undone, had restored), kept until their hold ends. */
export interface KeptLine extends Pick<HoldState, 'restore' | 'stores' | 'at' | 'until' | 'trouble'> {
  readonly undone: boolean;
}

/** A run that waits for people, with what is asked: the digest is what an approval in a script has to name. */
export interface ApprovalLine extends RunLine {
  /** Left out where no worker answers. */
  readonly asked?:
    | {
        readonly title: string;
        readonly by: string;
        readonly at: string;
        readonly expiresAt: string;
        readonly digest: string;
      }
    | undefined;
}

export interface OpenLine extends RunLine {
  /** Steps that failed and are tried again. */
  readonly retries: readonly StepRetry[];
}

/** What Temporal alone can tell; standings of stores come from a look on a worker. */
export interface TemporalStatus {
  /** `unknown` while no worker answers. */
  readonly applied: 'same' | 'differs' | 'never' | 'unknown';
  readonly plans: readonly PlanLine[];
  readonly targets: readonly TargetLine[];
  readonly approvals: readonly ApprovalLine[];
  /** Those that wait for people too. */
  readonly open: readonly OpenLine[];
  /** The newest backup run, by whom ever, when it did not end well. */
  readonly failedBackup?: RunLine | undefined;
  /** What restores replaced, and is kept. */
  readonly kept: readonly KeptLine[];
  readonly ledger?: LedgerState | undefined;
  /** Channels that were not reached within the last day. */
  readonly untold: readonly UntoldLine[];
}

export async function temporalStatus(steady: Steady, snapshot: StackSnapshot): Promise<TemporalStatus> {
  const { stack } = snapshot;
  const [storage, runs, backups, ledger, kept, untold] = await Promise.all([
    answered(storageState(steady, stack)),
    listRuns(steady, { stack: stack.stack, open: true }),
    listRuns(steady, { stack: stack.stack, procedure: 'backup', limit: 200 }),
    answered(ledgerState(steady, stack)),
    answered(keptData(steady, stack.stack)),
    untoldLines(steady, stack.stack),
  ]);
  const plans = await Promise.all(
    Object.keys(stack.plans).map((plan) => planLine(steady, stack.stack, plan, backups)),
  );
  const targets = await Promise.all(
    [...new Set([...Object.keys(stack.stores), ...Object.keys(stack.services)])].map(
      async (target): Promise<TargetLine> => {
        // Where no worker answers for one, none answers for the others either.
        const asked = storage && (await answered(targetState(steady, stack, target)));
        const state = asked?.answer;
        return {
          target,
          frozen: state?.frozen,
          notBack: state?.notBack,
          holders: state?.holders ?? [],
          waiting: state?.waiting ?? [],
        };
      },
    ),
  );
  const applied = storage === undefined ? 'unknown' : comparedWith(snapshot, storage.answer);
  const entities = new Set(
    [...Object.keys(stack.stores), ...Object.keys(stack.services)].map((one) =>
      targetEntityId(stack.stack, one),
    ),
  );
  const open = runs.filter((one) => !entities.has(one.run) && one.procedure !== 'hold');
  const awaited = open.filter((one) => one.awaiting !== undefined);
  const [approvals, doing] = await Promise.all([
    Promise.all(awaited.map((one) => approvalLine(steady, one, { answered: storage !== undefined }))),
    // One that has ended meanwhile tries nothing again.
    Promise.all(
      open.map(async (one) => ({ ...one, retries: await retriesOf(steady, one.run).catch(() => []) })),
    ),
  ]);
  return {
    applied,
    plans,
    targets,
    open: doing,
    failedBackup: failedNewest(backups),
    kept: (kept?.answer ?? []).map((one) => stillTrue(one, targets)),
    approvals,
    ledger: ledger?.answer,
    untold,
  };
}

/** Where no worker answered for one thing, none answers for this. */
async function approvalLine(
  steady: Steady,
  run: RunLine,
  worker: { readonly answered: boolean },
): Promise<ApprovalLine> {
  if (!worker.answered) return run;
  const handle = steady.client.workflow.getHandle(run.run);
  const state = await askWorker(steady, handle.workflowId, () => askedBy(handle)).catch(() => undefined);
  if (state === undefined) return run;
  const { title, requestedBy: by, requestedAt: at, expiresAt } = state.proposal;
  return { ...run, asked: { title, by, at, expiresAt, digest: state.digest } };
}

function failedNewest(backups: readonly RunLine[]): RunLine | undefined {
  const newest = backups.find((one) => one.status !== 'running');
  return newest && newest.outcome !== 'done' ? newest : undefined;
}

type Kept = KeptLine & Pick<HoldState, 'lost'>;

async function keptData(steady: Steady, stack: string): Promise<Kept[]> {
  const holds = await listRuns(steady, { stack, open: true, procedure: 'hold' });
  return await Promise.all(
    holds.map(async ({ run }) => {
      const handle = steady.client.workflow.getHandle(run);
      const state = await askWorker(steady, handle.workflowId, () => handle.query<HoldState>(HOLD_QUERY));
      const { restore, at, until, trouble, lost } = state;
      const left = toUndo(state);
      const undone = left.length === 0;
      return { restore, stores: undone ? state.stores : left, at, until, trouble, lost, undone };
    }),
  );
}

/** A hold looks seldom at what it waits for: the stores themselves know sooner that it is over. */
function stillTrue({ lost, ...kept }: Kept, targets: readonly TargetLine[]): KeptLine {
  const over = lost && !targets.some(({ target, notBack }) => notBack && lost.includes(target));
  return over ? { ...kept, trouble: undefined } : kept;
}

function comparedWith(
  snapshot: StackSnapshot,
  storage: StorageState | undefined,
): 'same' | 'differs' | 'never' {
  if (storage?.applied === undefined) return 'never';
  return storage.applied.sha256 === snapshot.configSha256 ? 'same' : 'differs';
}

/** What an entity answers; undefined when no worker does. Temporal being away is thrown. */
async function answered<T>(asked: Promise<T>): Promise<{ readonly answer: T } | undefined> {
  try {
    return { answer: await asked };
  } catch (error) {
    if (error instanceof SteadyError && error.code === 'worker.absent') return undefined;
    throw error;
  }
}

async function planLine(
  steady: Steady,
  stack: string,
  plan: string,
  backups: readonly RunLine[],
): Promise<PlanLine> {
  const id = scheduleId('backup', stack, plan);
  const last = backups.find((one) => one.run.startsWith(`${id}-`));
  try {
    const found = await steady.client.schedule.getHandle(id).describe();
    const memo = found.action.memo as { cron?: string; timezone?: string } | undefined;
    return {
      plan,
      schedule: `${memo?.cron ?? '?'} ${memo?.timezone ?? ''}`.trim(),
      next: found.info.nextActionTimes[0]?.toISOString(),
      paused: found.state.paused ? found.state.note || 'no reason given' : undefined,
      skipped: found.info.numActionsSkippedOverlap,
      missed: found.info.numActionsMissedCatchupWindow,
      last,
    };
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    return { plan, schedule: 'not applied', skipped: 0, missed: 0, last };
  }
}
