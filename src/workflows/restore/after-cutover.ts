import { workflowInfo } from '@temporalio/workflow';
import type { FenceCheck } from '../../activities/locks.js';
import type { Previewed, RestoreStep } from '../../activities/restore.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { RestoreInput } from '../../contracts/runs/procedures.js';
import { formatDuration } from '../../contracts/stack/units.js';
import type { DataLeft } from '../shared/compensation.js';
import { failureOf } from '../shared/failures.js';
import type { Run } from '../shared/run.js';
import { isBare, keptOf, leftOf, startHold } from './keep-replaced.js';

export interface AfterCutOver {
  readonly run: Run;
  readonly input: RestoreInput;
  readonly place: RestoreStep['place'];
  /** All stores of the restore. */
  readonly previews: readonly Previewed[];
  /** Backups that were taken first, by store. */
  readonly saved: ReadonlyMap<string, string>;
  /** What earlier restores had left in disorder. */
  readonly before: Readonly<Record<string, NotBack>>;
  /** Stores at which it is written that this one replaces their data. */
  readonly noted: Set<string>;
  readonly fenceOf: (store: string) => { readonly fence?: FenceCheck };
}

/**
 * Written down before the live data are touched: should this run be ended by hand, nobody relies on them, nor takes them
 * for a good copy.
 */
export async function noteBegun(after: AfterCutOver, store: string, keptAs?: string): Promise<void> {
  const { run, input, saved, before, noted } = after;
  if (noted.has(store)) return;
  noted.add(store);
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

/** A restore that is done: what it replaced is held; stores of which nothing is kept lose its mark. Gives what is kept. */
export async function endDone(after: AfterCutOver): Promise<ReadonlyMap<string, string>> {
  const { run, input, previews } = after;
  const stores = previews.map(({ store }) => store);
  const kept = await keptOf(after, stores);
  const time = formatDuration(input.snapshot.stack.limits.hold);
  if (kept.size > 0)
    await run.step(`Keep the replaced data of ${[...kept.keys()].join(', ')} for ${time}`, () =>
      startHold(after, [...kept.keys()], { undone: [], others: (store) => leftOf(after, store) }),
    );
  // Whatever an earlier restore has left: these data are whole.
  for (const store of stores) await run.locks.settleNotBack(store, undefined);
  await unmark(
    after,
    stores.filter((store) => !kept.has(store)),
  );
  return kept;
}

/**
 * A restore that failed. Stores that were put back: what it had restored is what was set aside, and is held. Not put
 * back: what it replaced may be the only good data, and stays until an undo. Gives words for people when one is needed.
 *
 * @param begun stores whose live data it had begun to replace
 */
export async function endFailed(
  after: AfterCutOver,
  begun: readonly string[],
  dataLeft: DataLeft,
): Promise<string | undefined> {
  const { run } = after;
  const bare = new Set(after.previews.filter((one) => isBare(after.input, one)).map(({ store }) => store));
  const left = Object.keys(dataLeft).filter((store) => !bare.has(store));
  const back = begun.filter((store) => dataLeft[store] === undefined);
  const ways = Object.fromEntries(
    Object.keys(dataLeft).map((store) => [store, wayOf(after, store, left.includes(store))]),
  );
  await noteLost(after, dataLeft, ways);
  const aside = [...(await keptOf(after, back)).keys()];
  const kept = begun.filter((store) => left.includes(store) || aside.includes(store));
  if (kept.length > 0)
    await run.step(`Keep what was set aside of ${kept.join(', ')}`, () =>
      startHold(after, kept, {
        undone: aside,
        others: (store) => ways[store] ?? 'as before the restore',
        ...(left.length > 0 && {
          unresolved: Object.fromEntries(left.map((store) => [store, dataLeft[store] ?? ''])),
        }),
      }),
    );
  // What was put back from its own backup has lost its mark with that.
  await unmark(
    after,
    back.filter((store) => !aside.includes(store) && !after.saved.has(store)),
  );
  return Object.keys(ways).length === 0 ? undefined : [...new Set(Object.values(ways))].join('; ');
}

/** The way back of a restore that has ended; one that was ended knew none. */
export const knownWay = (notBack: NotBack | undefined): string | undefined =>
  notBack?.begun === true ? undefined : notBack?.way;

/** What brings the data of a store back that this restore could not put back. */
function wayOf(after: AfterCutOver, store: string, held: boolean): string {
  const { saved, before } = after;
  // Of data that were in disorder before, a copy is no way back.
  const earlier = knownWay(before[store]);
  if (earlier !== undefined) return earlier;
  if (held) return `bring ${store} back with: steady restore undo ${workflowInfo().workflowId}`;
  const id = saved.get(store);
  if (id !== undefined) return `bring ${store} back with: steady restore ${id} --in-place --unverified`;
  const lost = leftOf(after, store) === 'nothing is kept' ? 'what was live is lost; ' : '';
  return `${lost}bring ${store} back with: steady restore latest --store ${store} --in-place`;
}

/** What comes next finds it at the stores themselves. What was taken first may be the only good copy: it is kept. */
async function noteLost(
  after: AfterCutOver,
  dataLeft: DataLeft,
  ways: Readonly<Record<string, string>>,
): Promise<void> {
  const { run, input, saved, before, noted } = after;
  const { workflowId } = workflowInfo();
  for (const store of noted)
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
  const { run, input, place, fenceOf } = after;
  const { snapshot } = input;
  for (const store of stores) {
    await run.step(`${store}: end the restore`, async (note) => {
      await run.activities.change
        .releaseReplaced({ snapshot, store, place, ...fenceOf(store) })
        .catch((error: unknown) => note(`its mark stays: ${failureOf(error).message}`));
    });
  }
}
