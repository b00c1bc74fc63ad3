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
  readonly applied: 'same' | 'differs' | 'never';
  readonly plans: readonly PlanLine[];
  readonly targets: readonly TargetLine[];
  readonly approvals: readonly RunLine[];
  readonly open: readonly RunLine[];
  readonly ledger?: LedgerState | undefined;
}

export async function temporalStatus(steady: Steady, snapshot: StackSnapshot): Promise<TemporalStatus> {
  const { stack } = snapshot;
  const [storage, runs, backups, ledger] = await Promise.all([
    storageState(steady, stack),
    listRuns(steady, { stack: stack.stack, open: true }),
    listRuns(steady, { stack: stack.stack, procedure: 'backup', limit: 200 }),
    ledgerState(steady, stack),
  ]);
  const plans = await Promise.all(
    Object.keys(stack.plans).map((plan) => planLine(steady, stack.stack, plan, backups)),
  );
  const targets = await Promise.all(
    Object.keys(stack.stores).map(async (target): Promise<TargetLine> => {
      const state = await targetState(steady, stack, target).catch(() => undefined);
      return { target, frozen: state?.frozen, holders: state?.holders ?? [], waiting: state?.waiting ?? [] };
    }),
  );
  const applied =
    storage?.applied === undefined
      ? 'never'
      : storage.applied.sha256 === snapshot.configSha256
        ? 'same'
        : 'differs';
  const entities = new Set([...Object.keys(stack.stores).map((one) => targetEntityId(stack.stack, one))]);
  const open = runs.filter((one) => !entities.has(one.run) && one.procedure !== 'hold');
  return {
    applied,
    plans,
    targets,
    open,
    approvals: open.filter((one) => one.awaiting !== undefined),
    ledger,
  };
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
      paused: found.state.paused ? (found.state.note ?? 'paused') : undefined,
      skipped: found.info.numActionsSkippedOverlap,
      missed: found.info.numActionsMissedCatchupWindow,
      last,
    };
  } catch {
    return { plan, schedule: 'not applied', skipped: 0, missed: 0, last };
  }
}
