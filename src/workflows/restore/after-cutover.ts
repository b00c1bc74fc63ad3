import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { FenceCheck } from '../../activities/locks.js';
import type { RestoreStep } from '../../activities/restore.js';
import { runId } from '../../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../contracts/names.js';
import type { HoldInput, RestoreInput } from '../../contracts/runs/procedures.js';
import { formatDuration } from '../../contracts/stack/units.js';
import type { DataLeft } from '../shared/compensation.js';
import { failureOf } from '../shared/failures.js';
import type { Run } from '../shared/run.js';
import { hold } from './hold.js';

export interface AfterCutOver {
  readonly run: Run;
  readonly input: RestoreInput;
  readonly place: RestoreStep['place'];
  /** All stores of the restore. */
  readonly of: readonly string[];
  /** Backups that were taken first, by store. */
  readonly saved: ReadonlyMap<string, string>;
  /** Stores that an undo cannot put back, with what is left for them in words. */
  readonly wayBack: ReadonlyMap<string, string>;
  readonly fenceOf: (store: string) => { readonly fence?: FenceCheck };
}

/** A restore that is done: what it replaced is held; stores of which nothing is kept lose its mark. */
export async function endDone(after: AfterCutOver, stores: readonly string[]): Promise<void> {
  const { run, input, wayBack } = after;
  const kept = stores.filter((store) => !wayBack.has(store));
  const time = formatDuration(input.snapshot.stack.limits.hold);
  if (kept.length > 0)
    await run.step(`Keep the replaced data of ${kept.join(', ')} for ${time}`, () =>
      startHold(after, kept, { undone: false }),
    );
  await unmark(after, stores);
}

/**
 * A restore that failed. Stores that were put back: what it had restored is what was set aside, and is held. Not put
 * back: what it replaced may be the only good data, and stays until an undo. Gives words for people when one is needed.
 */
export async function endFailed(
  after: AfterCutOver,
  switched: readonly string[],
  dataLeft: DataLeft,
): Promise<string | undefined> {
  const { run, wayBack } = after;
  const kept = switched.filter((store) => !wayBack.has(store));
  const left = kept.filter((store) => dataLeft[store] !== undefined);
  const unresolved = Object.fromEntries(left.map((store) => [store, dataLeft[store] ?? '']));
  const back = switched.filter((store) => dataLeft[store] === undefined);
  if (kept.length > 0)
    await run.step(`Keep what was set aside of ${kept.join(', ')}`, () =>
      startHold(after, kept, { undone: left.length === 0, ...(left.length > 0 && { unresolved }) }),
    );
  await unmark(after, back);
  const ways = [
    ...(left.length === 0
      ? []
      : [`put ${left.join(', ')} back with: steady restore undo ${workflowInfo().workflowId}`]),
    ...Object.keys(dataLeft).flatMap((store) => {
      const id = after.saved.get(store);
      return id === undefined ? [] : [`put ${store} back with: steady restore ${id} --in-place --unverified`];
    }),
  ];
  return ways.length === 0 ? undefined : ways.join('; ');
}

/** The data are in service, whatever becomes of this: it is no reason to call the restore failed. */
async function unmark(after: AfterCutOver, stores: readonly string[]): Promise<void> {
  const { run, input, place, wayBack, fenceOf } = after;
  const { snapshot } = input;
  for (const store of stores.filter((one) => wayBack.has(one))) {
    await run.step(`${store}: end the restore`, async (note) => {
      await run.activities.change
        .releaseReplaced({ snapshot, store, place, ...fenceOf(store) })
        .catch((error: unknown) => note(`its mark stays: ${failureOf(error).message}`));
    });
  }
}

/** Starts what drops the kept data in time. */
async function startHold(
  { input, place, of, wayBack }: AfterCutOver,
  stores: readonly string[],
  how: Pick<HoldInput, 'undone' | 'unresolved'>,
): Promise<void> {
  const { stack, limits } = input.snapshot.stack;
  const args: HoldInput = {
    version: 1,
    snapshot: input.snapshot,
    by: input.by,
    restore: workflowInfo().workflowId,
    stores,
    of,
    wayBack: Object.fromEntries(wayBack),
    token: input.token,
    at: place.at,
    mode: input.mode === 'in-place' ? 'in-place' : 'beside',
    seconds: limits.hold,
    ...how,
  };
  await startChild(hold, {
    workflowId: runId('hold', stack, input.token),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [args],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
}
