import { getExternalWorkflowHandle } from '@temporalio/workflow';
import { runId as runIdOf } from '../../contracts/ids.js';
import type { TargetChange } from '../../contracts/runs/locks.js';
import { toUndo, type HoldInput, type UndoInput } from '../../contracts/runs/procedures.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { askInStep } from '../shared/ask-in-step.js';
import { startLines, storesNotBack, type Consumers } from '../shared/consumers.js';
import { fail } from '../shared/failures.js';
import { requireKnownRequester } from '../shared/requester.js';
import type { Run } from '../shared/run.js';
import { undoneSignal } from './hold.js';

interface Undoing {
  readonly input: UndoInput & { readonly hold: HoldInput };
  /** What is put back, as far as it is known. */
  readonly stores: readonly string[];
  readonly consumers: Consumers;
}

/**
 * Has the undo approved and takes its stores; gives those that there is something to put back of. Hours may have passed:
 * where another run has changed them meanwhile, it is that one's data which would go, so people are asked again.
 */
export async function agreeToUndo(run: Run, undoing: Undoing): Promise<readonly string[]> {
  const { input, consumers } = undoing;
  let { stores } = undoing;
  const { stack } = input.snapshot.stack;
  const policy = input.snapshot.stack.approvals.restore;
  if (policy) requireKnownRequester(run, input, { request: { undo: input.restore }, policy });
  const targets = [...undoing.stores, ...consumers.stop];
  for (;;) {
    const seen = await run.activities.quick.lastChanges({ stack, targets: stores });
    if (policy) {
      const lines = [...othersSince(input, seen, stores), ...(await describe(run, { ...undoing, stores }))];
      const facts = { restore: input.restore, config: input.snapshot.configSha256 };
      const title = `Undo ${input.restore}`;
      await askInStep(run, { step: 'restore-undo', title, lines, facts, policy });
    }
    let changed = false;
    await run.step(`Take ${targets.join(', ')}`, async (note) => {
      await run.locks.take(targets, {
        mode: 'exclusive',
        priority: 'emergency',
        purpose: `undo asked by ${input.by.name}`,
      });
      const now = Object.fromEntries(stores.map((store) => [store, run.locks.changedBefore(store)]));
      changed = stores.some((store) => now[store] !== undefined && now[store].by !== seen[store]?.by);
      othersSince(input, now, stores).forEach(note);
    });
    stores = await stillKept(run, input);
    if (!policy || !changed) return stores;
    await run.step('Ask again, for what was approved has changed', () =>
      run.locks.releaseAll({ untouched: true }),
    );
  }
}

/** Whose data go with an undo of a restore that is not the last one. */
const othersSince = (
  { restore }: UndoInput,
  changes: Readonly<Record<string, TargetChange | undefined>>,
  stores: readonly string[],
): string[] =>
  stores.flatMap((store) => {
    const by = changes[store]?.by;
    if (by === undefined || by === restore) return [];
    return [`${store}: ${by} has had it since ${restore}: what it left goes, and is kept aside`];
  });

async function describe(run: Run, { input, stores, consumers }: Undoing): Promise<string[]> {
  const { snapshot, hold, restore } = input;
  const notBack = [
    ...Object.keys(await storesNotBack(run, snapshot)).filter((one) => !stores.includes(one)),
    ...Object.keys(hold.notBack ?? {}),
  ];
  return [
    ...stores.map(
      (store) =>
        `${store}: the data that ${restore} replaced come back; what was restored, with all that was written since, goes and is kept aside for ${formatDuration(hold.seconds)}`,
    ),
    ...Object.entries(hold.notBack ?? {}).map(
      ([store, { by, why }]) => `${store}: what comes back was in disorder, since ${by}: ${why}`,
    ),
    ...Object.entries(hold.wayBack ?? {}).map(([store, left]) => `${store}: stays as it is (${left})`),
    ...(consumers.stop.length > 0 ? [`stop ${consumers.stop.join(', ')}`] : []),
    ...startLines(snapshot.stack, consumers, notBack),
  ];
}

export const undoneAlready = (restore: string) =>
  fail('store.gone', { restore, why: 'it was undone already' });

/**
 * What there is to put back now that nobody else can do it: another undo may have been first, and what was restored since
 * is not this one's to judge. Its hold begins its time anew.
 */
async function stillKept(run: Run, input: Undoing['input']): Promise<readonly string[]> {
  const { hold } = input;
  return await run.step('Look whether the replaced data are still kept', async () => {
    const kept = getExternalWorkflowHandle(runIdOf('hold', input.snapshot.stack.stack, hold.token));
    const { state } = await run.activities.quick.holdState({ hold: kept.workflowId });
    const stores = toUndo(state ?? hold);
    if (stores.length === 0) throw undoneAlready(input.restore);
    const told = await kept.signal(undoneSignal, []).then(
      () => true,
      () => false,
    );
    if (!told) throw fail('store.gone', { restore: input.restore, kept: hold.at });
    return stores;
  });
}
