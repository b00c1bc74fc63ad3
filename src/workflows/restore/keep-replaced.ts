import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { Previewed } from '../../activities/restore.js';
import { runId } from '../../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../contracts/names.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { HoldInput, RestoreInput } from '../../contracts/runs/procedures.js';
import type { AfterCutOver } from './after-cutover.js';
import { hold } from './hold.js';

/** Of these an in-place restore keeps nothing beside: what is live goes when the load begins. */
export const isBare = ({ mode }: RestoreInput, { preview }: Previewed): boolean =>
  mode === 'in-place' && preview.keptAs === undefined;

/**
 * What is kept of these stores, and under what name. The store itself says so: what was looked at before may be another
 * by the cut-over. One that cannot be asked counts as kept.
 */
export async function keptOf(after: AfterCutOver, stores: readonly string[]): Promise<Map<string, string>> {
  const { run, input, place, previews } = after;
  const kept = new Map<string, string>();
  for (const one of previews) {
    const { store, preview } = one;
    if (!stores.includes(store) || isBare(input, one)) continue;
    const as = await run.activities.change.keptBeside({ snapshot: input.snapshot, store, place }).then(
      (found) => found.as,
      () => preview.keptAs ?? '(the store did not say)',
    );
    if (as !== undefined) kept.set(store, as);
  }
  return kept;
}

/** What is left of the live data of a store of which nothing is kept beside, for people. */
export function leftOf({ input, previews, saved }: AfterCutOver, store: string): string {
  const id = saved.get(store);
  if (id !== undefined) return `backup ${id}`;
  const lost = previews.some((one) => one.store === store && isBare(input, one) && !one.preview.absent);
  return lost ? 'nothing is kept' : 'there was nothing to keep';
}

/** Of these stores, what earlier restores had left: it comes back with what is kept. */
const earlierOf = (stores: readonly string[], before: AfterCutOver['before']): Record<string, NotBack> =>
  Object.fromEntries(
    stores.flatMap((store) => (before[store] === undefined ? [] : [[store, before[store]]])),
  );

/** Starts what drops the kept data in time. `others`: what is left, in words, of a store of which nothing is kept. */
export async function startHold(
  { input, place, previews, before }: AfterCutOver,
  stores: readonly string[],
  {
    others,
    ...how
  }: Pick<HoldInput, 'undone' | 'unresolved'> & { readonly others: (store: string) => string },
): Promise<void> {
  const of = previews.map(({ store }) => store);
  const wayBack = of
    .filter((store) => !stores.includes(store))
    .map((store) => [store, others(store)] as const);
  const { stack, limits } = input.snapshot.stack;
  const args: HoldInput = {
    version: 1,
    snapshot: input.snapshot,
    by: input.by,
    restore: workflowInfo().workflowId,
    stores,
    of,
    token: input.token,
    at: place.at,
    mode: input.mode === 'in-place' ? 'in-place' : 'beside',
    seconds: limits.hold,
    wayBack: Object.fromEntries(wayBack),
    notBack: earlierOf(stores, before),
    ...how,
  };
  await startChild(hold, {
    workflowId: runId('hold', stack, input.token),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [args],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
}
