import { ScheduleNotFoundError } from '@temporalio/client';
import { SteadyError } from '../contracts/failures.js';
import type { StorageState } from '../contracts/runs/claims.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { scheduleId, targetEntityId } from '../contracts/ids.js';
import type { LedgerState } from '../contracts/runs/ledger.js';
import type { Freeze, LockHolder, LockRequest } from '../contracts/runs/locks.js';
import type { Steady } from './connect.js';
import { ledgerState, storageState, targetState } from './entities.js';
import { listRuns, type RunLine } from './runs.js';

export interface TargetLine {
  readonly target: string;
  readonly frozen?: Freeze | undefined;
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

/** What Temporal alone can tell; standings of stores come from a look on a worker. */
export interface TemporalStatus {
  /** `unknown` while no worker answers. */
  readonly applied: 'same' | 'differs' | 'never' | 'unknown';
  readonly plans: readonly PlanLine[];
  readonly targets: readonly TargetLine[];
  readonly approvals: readonly RunLine[];
  readonly open: readonly RunLine[];
  readonly ledger?: LedgerState | undefined;
}

export async function temporalStatus(steady: Steady, snapshot: StackSnapshot): Promise<TemporalStatus> {
  const { stack } = snapshot;
  const [storage, runs, backups, ledger] = await Promise.all([
    answered(storageState(steady, stack)),
    listRuns(steady, { stack: stack.stack, open: true }),
    listRuns(steady, { stack: stack.stack, procedure: 'backup', limit: 200 }),
    answered(ledgerState(steady, stack)),
  ]);
  const plans = await Promise.all(
    Object.keys(stack.plans).map((plan) => planLine(steady, stack.stack, plan, backups)),
  );
  const targets = await Promise.all(
    Object.keys(stack.stores).map(async (target): Promise<TargetLine> => {
      // Where no worker answers for one, none answers for the others either.
      const asked = storage && (await answered(targetState(steady, stack, target)));
      const state = asked?.answer;
      return { target, frozen: state?.frozen, holders: state?.holders ?? [], waiting: state?.waiting ?? [] };
    }),
  );
  const applied = storage === undefined ? 'unknown' : comparedWith(snapshot, storage.answer);
  const entities = new Set([...Object.keys(stack.stores).map((one) => targetEntityId(stack.stack, one))]);
  const open = runs.filter((one) => !entities.has(one.run) && one.procedure !== 'hold');
  return {
    applied,
    plans,
    targets,
    open,
    approvals: open.filter((one) => one.awaiting !== undefined),
    ledger: ledger?.answer,
  };
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
