import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { FenceCheck } from '../../activities/locks.js';
import type { RestoreStep } from '../../activities/restore.js';
import { runId } from '../../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../contracts/names.js';
import type { NotBack } from '../../contracts/runs/locks.js';
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
  /** What earlier restores had left in disorder. */
  readonly before: Readonly<Record<string, NotBack>>;
  /** Stores whose live data this one has begun to replace. */
  readonly begun: Set<string>;
  readonly fenceOf: (store: string) => { readonly fence?: FenceCheck };
}

/**
 * Written down before the live data are touched: should this run be ended by hand, nobody relies on them, nor takes them
 * for a good copy.
 */
export async function noteBegun(after: AfterCutOver, store: string, keptAs?: string): Promise<void> {
  const { run, input, saved, before, begun } = after;
  if (begun.has(store)) return;
  begun.add(store);
  const { workflowId } = workflowInfo();
  const id = saved.get(store);
  const inPlace = input.mode === 'in-place' ? ' --in-place' : '';
  const again = id === undefined ? `latest --store ${store}${inPlace}` : `${id} --in-place --unverified`;
  const kept = keptAs === undefined ? '' : `what was live may be kept as ${keptAs}; `;
  const own = `${kept}look whether they are whole: if so, steady restore accept ${store} --reason …; if not, steady restore ${again}`;
  await run.locks.setNotBack(store, {
    at: new Date().toISOString(),
    by: workflowId,
    why: `${workflowId} was replacing them, and has not ended by itself`,
    way: knownWay(before[store]) ?? own,
    begun: true,
  });
}

/** A restore that is done: what it replaced is held; stores of which nothing is kept lose its mark. */
export async function endDone(after: AfterCutOver, stores: readonly string[]): Promise<void> {
  const { run, input, wayBack, before } = after;
  const kept = stores.filter((store) => !wayBack.has(store));
  const notBack = earlierOf(kept, before);
  const time = formatDuration(input.snapshot.stack.limits.hold);
  if (kept.length > 0)
    await run.step(`Keep the replaced data of ${kept.join(', ')} for ${time}`, () =>
      startHold(after, kept, { undone: false, wayBack: Object.fromEntries(wayBack), notBack }),
    );
  // Whatever an earlier restore has left: these data are whole.
  for (const store of stores) await run.locks.settleNotBack(store, undefined);
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
  const { run, wayBack, before } = after;
  const kept = switched.filter((store) => !wayBack.has(store));
  const left = kept.filter((store) => dataLeft[store] !== undefined);
  const unresolved = Object.fromEntries(left.map((store) => [store, dataLeft[store] ?? '']));
  const back = switched.filter((store) => dataLeft[store] === undefined);
  const ways = Object.fromEntries(
    Object.keys(dataLeft).map((store) => [store, wayOf(after, store, left.includes(store))]),
  );
  await noteLost(after, dataLeft, ways);
  if (kept.length > 0)
    await run.step(`Keep what was set aside of ${kept.join(', ')}`, () =>
      startHold(after, kept, {
        undone: left.length === 0,
        notBack: earlierOf(kept, before),
        wayBack: Object.fromEntries(
          after.of
            .filter((store) => wayBack.has(store))
            .map((store) => [store, ways[store] ?? 'as before the restore']),
        ),
        ...(left.length > 0 && { unresolved }),
      }),
    );
  await unmark(after, back);
  return Object.keys(ways).length === 0 ? undefined : [...new Set(Object.values(ways))].join('; ');
}

/** Of these stores, what earlier restores had left: it comes back with what is kept. */
const earlierOf = (stores: readonly string[], before: AfterCutOver['before']): Record<string, NotBack> =>
  Object.fromEntries(
    stores.flatMap((store) => (before[store] === undefined ? [] : [[store, before[store]]])),
  );

/** The way back of a restore that has ended; one that was ended knew none. */
const knownWay = (notBack: NotBack | undefined): string | undefined =>
  notBack?.begun === true ? undefined : notBack?.way;

/** What brings the data of a store back that this restore could not put back. */
function wayOf({ saved, wayBack, before }: AfterCutOver, store: string, held: boolean): string {
  // Of data that were in disorder before, a copy is no way back.
  const earlier = knownWay(before[store]);
  if (earlier !== undefined) return earlier;
  if (held) return `bring ${store} back with: steady restore undo ${workflowInfo().workflowId}`;
  const id = saved.get(store);
  if (id !== undefined) return `bring ${store} back with: steady restore ${id} --in-place --unverified`;
  const lost = wayBack.get(store) === 'nothing is kept' ? 'what was live is lost; ' : '';
  return `${lost}bring ${store} back with: steady restore latest --store ${store} --in-place`;
}

/** What comes next finds it at the stores themselves. What was taken first may be the only good copy: it is kept. */
async function noteLost(
  after: AfterCutOver,
  dataLeft: DataLeft,
  ways: Readonly<Record<string, string>>,
): Promise<void> {
  const { run, input, saved, before, begun } = after;
  const { workflowId } = workflowInfo();
  for (const store of begun)
    if (dataLeft[store] === undefined) await run.locks.settleNotBack(store, before[store]);
  for (const [store, why] of Object.entries(dataLeft)) {
    const at = new Date().toISOString();
    await run.locks.settleNotBack(store, { at, by: workflowId, why, way: ways[store] });
    const id = saved.get(store);
    if (id === undefined) continue;
    await run.step(`${store}: keep ${id} until somebody lets it go`, async (note) => {
      const mark = {
        store,
        id,
        kind: 'keep',
        reason: `may be all there is: taken before ${workflowId}`,
      } as const;
      await run.activities.look
        .mark({ snapshot: input.snapshot, mark, by: 'steady', now: at })
        .catch((error: unknown) => note(`kept no longer than before: ${failureOf(error).message}`));
    });
  }
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
  { input, place, of }: AfterCutOver,
  stores: readonly string[],
  how: Pick<HoldInput, 'undone' | 'unresolved' | 'wayBack' | 'notBack'>,
): Promise<void> {
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
    ...how,
  };
  await startChild(hold, {
    workflowId: runId('hold', stack, input.token),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [args],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
}
