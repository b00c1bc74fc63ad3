import type { HoldInput, UndoInput } from '../../contracts/runs/procedures.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { askInStep } from '../shared/ask-in-step.js';
import { startLines, storesNotBack, type Consumers } from '../shared/consumers.js';
import { requireKnownRequester } from '../shared/requester.js';
import type { Run } from '../shared/run.js';

interface Undoing {
  readonly input: UndoInput & { readonly hold: HoldInput };
  /** What is put back. */
  readonly stores: readonly string[];
  readonly consumers: Consumers;
}

/**
 * Has the undo approved and takes its stores. Hours may have passed: where another run has changed them meanwhile, it is
 * that one's data which would go, so people are asked again.
 */
export async function agreeToUndo(run: Run, undoing: Undoing): Promise<void> {
  const { input, stores, consumers } = undoing;
  const { stack } = input.snapshot.stack;
  const policy = input.snapshot.stack.approvals.restore;
  if (policy) requireKnownRequester(run, input, { request: { undo: input.restore }, policy });
  const targets = [...stores, ...consumers.stop];
  let since: string[] = [];
  for (;;) {
    const seen = await run.activities.quick.lastChanges({ stack, targets: stores });
    if (policy) {
      const lines = [...since, ...(await describe(run, undoing))];
      const facts = { restore: input.restore, config: input.snapshot.configSha256 };
      const title = `Undo ${input.restore}`;
      await askInStep(run, { step: 'restore-undo', title, lines, facts, policy });
    }
    await run.step(`Take ${targets.join(', ')}`, async (note) => {
      await run.locks.take(targets, {
        mode: 'exclusive',
        priority: 'emergency',
        purpose: `undo asked by ${input.by.name}`,
      });
      since = stores.flatMap((store) => {
        const by = run.locks.changedBefore(store)?.by;
        if (by === undefined || by === seen[store]?.by) return [];
        return [`${store}: ${by} has had it since this was asked: what it left goes, and is kept aside`];
      });
      since.forEach(note);
    });
    if (!policy || since.length === 0) return;
    await run.step('Ask again, for what was approved has changed', () => run.locks.releaseAll());
  }
}

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
