import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  type Workflow,
} from '@temporalio/client';
import { digestOf } from '../contracts/canonical.js';
import { SteadyError } from '../contracts/failures.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import type { BackupInput, SweepInput, VerifyInput } from '../contracts/runs/procedures.js';
import { plannedRuns, type Planned } from '../contracts/stack/planned.js';
import type { Requester, StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Steady } from './connect.js';

/** The mark of our schedules; others' are never touched. */
const MANAGED_BY = 'steadyhand';
const BY_SCHEDULE: Requester = { name: 'schedule' };

export interface Change {
  readonly schedule: string;
  readonly change: 'create' | 'update' | 'remove' | 'none';
  readonly words: string;
}

type Action = ScheduleOptionsStartWorkflowAction<Workflow>;
type Wanted = ScheduleOptions<Action>;

/** The schedules a stack's plans ask for. Pure. */
export function wantedSchedules(snapshot: StackSnapshot): Wanted[] {
  return plannedRuns(snapshot.stack).map((planned) => schedule(snapshot, planned));
}

type PlannedInput = BackupInput | VerifyInput | SweepInput;

function inputOf(snapshot: StackSnapshot, { procedure, plan }: Planned): PlannedInput {
  const common = { version: 1, snapshot, by: BY_SCHEDULE } as const;
  const stores = snapshot.stack.plans[plan]?.stores ?? [];
  switch (procedure) {
    case 'backup':
      return { ...common, plan, stores };
    case 'verify':
      return {
        ...common,
        plan,
        depth: 'restored',
        selection: { text: 'latest', stores, unverified: true },
      };
    case 'sweep':
      return { ...common, dryRun: false };
  }
}

function schedule(snapshot: StackSnapshot, of: Planned): Wanted {
  const input = inputOf(snapshot, of);
  const spec = {
    cronExpressions: [of.cron],
    timezone: snapshot.stack.timezone,
    ...(of.jitter > 0 && { jitter: of.jitter * 1000 }),
  };
  const policies = { overlap: 'SKIP', catchupWindow: of.catchup * 1000 } as const;
  const hash = digestOf({ spec, policies, type: of.procedure, input });
  return {
    scheduleId: of.id,
    spec,
    policies,
    memo: { managedBy: MANAGED_BY, stack: snapshot.stack.stack },
    action: {
      type: 'startWorkflow',
      workflowType: of.procedure,
      workflowId: of.id,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      // The schedule's own memo cannot be changed by an update; the action's can.
      memo: {
        hash,
        cron: of.cron,
        timezone: snapshot.stack.timezone,
        stack: snapshot.stack.stack,
        by: BY_SCHEDULE.name,
      },
    },
  };
}

interface Existing {
  readonly hash?: string;
  readonly cron?: string;
}

/** What would have to change for Schedules to equal the file. Looks, changes nothing. */
export async function compareSchedules(steady: Steady, snapshot: StackSnapshot): Promise<Change[]> {
  const wanted = wantedSchedules(snapshot);
  const changes: Change[] = [];
  for (const one of wanted) {
    const there = await existing(steady, one.scheduleId);
    const { hash, cron } = one.action.memo as { hash: string; cron: string };
    const when = `${cron} ${snapshot.stack.timezone}`;
    if (there === undefined) changes.push({ schedule: one.scheduleId, change: 'create', words: when });
    else if (there.hash === hash) changes.push({ schedule: one.scheduleId, change: 'none', words: when });
    else
      changes.push({
        schedule: one.scheduleId,
        change: 'update',
        words: there.cron === cron ? `${when}, other contents` : `${there.cron ?? '?'} becomes ${when}`,
      });
  }
  const ids = new Set(wanted.map((one) => one.scheduleId));
  for await (const one of steady.client.schedule.list()) {
    const ours = one.memo?.['managedBy'] === MANAGED_BY && one.memo['stack'] === snapshot.stack.stack;
    if (ours && !ids.has(one.scheduleId))
      changes.push({ schedule: one.scheduleId, change: 'remove', words: 'no longer in the file' });
  }
  return changes;
}

/** Makes Schedules equal the file: create, update (a pause stays), remove. Running again changes nothing. */
export async function applySchedules(steady: Steady, snapshot: StackSnapshot): Promise<Change[]> {
  const changes = await compareSchedules(steady, snapshot);
  const wanted = new Map(wantedSchedules(snapshot).map((one) => [one.scheduleId, one]));
  for (const { schedule: id, change } of changes) {
    const handle = steady.client.schedule.getHandle(id);
    const one = wanted.get(id);
    if (change === 'remove') await handle.delete().catch(unlessGone);
    else if (change === 'create' && one) await createOrUpdate(steady, one);
    else if (change === 'update' && one) await update(steady, one);
  }
  return changes;
}

async function createOrUpdate(steady: Steady, one: Wanted): Promise<void> {
  try {
    await steady.client.schedule.create(one);
  } catch (error) {
    // Somebody else applies at the same moment: both files say how it should be, the later one counts.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await existing(steady, one.scheduleId);
    await update(steady, one);
  }
}

async function update(steady: Steady, one: Wanted): Promise<void> {
  await steady.client.schedule.getHandle(one.scheduleId).update<Workflow>((previous) => ({
    spec: one.spec,
    policies: one.policies ?? {},
    action: one.action,
    state: previous.state,
  }));
}

/** A listing may still show what is deleted already. */
function unlessGone(error: unknown): void {
  if (!(error instanceof ScheduleNotFoundError)) throw error;
}

/** Our schedule of this name, or undefined; somebody else's is `schedule.foreign`, and left alone. */
async function existing(steady: Steady, id: string): Promise<Existing | undefined> {
  try {
    const { action, memo } = await steady.client.schedule.getHandle(id).describe();
    if (memo?.['managedBy'] !== MANAGED_BY) throw new SteadyError('schedule.foreign', { schedule: id });
    return { ...(action.memo as Existing | undefined) };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
