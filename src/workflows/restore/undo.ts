import { CancellationScope, getExternalWorkflowHandle } from '@temporalio/workflow';
import { runId as runIdOf } from '../../contracts/ids.js';
import { toUndo, type HoldInput, type UndoInput } from '../../contracts/runs/procedures.js';
import { fail } from '../shared/failures.js';
import { runProcedure, stopWhenCancelled, type Run } from '../shared/run.js';
import { askChecks } from '../shared/checks.js';
import { consumersFor, runningOf, startWhole, stopConsumers, storesNotBack } from '../shared/consumers.js';
import { tellNotice } from '../shared/tell-run.js';
import { agreeToUndo } from './agree-to-undo.js';
import { undoneSignal } from './hold.js';
import { putBackAll } from './put-back.js';

/** Puts the data a restore replaced back into service. Writes since the cut-over go with it, and are kept too. */
export async function undoRestore(input: UndoInput & { readonly hold: HoldInput }): Promise<string[]> {
  const { snapshot, hold } = input;
  const { stack } = snapshot;

  return await runProcedure(
    input,
    { procedure: 'restore-undo', limitSeconds: stack.limits.run, record: true },
    async (run) => {
      const asked = toUndo(hold);
      if (asked.length === 0) throw undoneAlready(input);
      const frozen = await run.activities.quick.frozenTargets({ stack: stack.stack, targets: asked });
      // Nobody is asked for what would be refused afterwards.
      if (frozen.length > 0) throw fail('target.frozen', { why: frozen.join('; ') });
      // Of a restore that failed, the services of each store may stand still.
      const consumers = consumersFor(stack, hold.unresolved === undefined ? hold.stores : hold.of);
      await agreeToUndo(run, { input, stores: asked, consumers });
      const stores = await stillKept(run, input);
      await tellNotice(input, 'restore-undo', {
        title: `undo of ${input.restore} begins`,
        stops: consumers.stop,
        lines: stores.map((store) => `${store}: the data that were replaced come back`),
      });
      const before = await storesNotBack(run, snapshot);
      const ran = await runningOf(run, snapshot, consumers, before);
      await stopConsumers(run, snapshot, consumers, ran);
      stopWhenCancelled();
      // Whoever cancels from here on is too late: it would leave a mix, or services without what they need.
      return await CancellationScope.nonCancellable(async () => {
        const found = await putBackAll(run, { input, stores, before });
        const notStarted = await startWhole(run, snapshot, consumers, { stopToUndo: false });
        run.commit();
        await askChecks(run, snapshot);
        return [...found, ...notStarted];
      });
    },
  );
}

const undoneAlready = ({ restore }: UndoInput) =>
  fail('store.gone', { restore, why: 'it was undone already' });

/**
 * What there is to put back now that nobody else can do it: another undo may have been first, and what was restored since
 * is not this one's to judge. Its hold begins its time anew.
 */
async function stillKept(
  run: Run,
  input: UndoInput & { readonly hold: HoldInput },
): Promise<readonly string[]> {
  const { hold } = input;
  return await run.step('Look whether the replaced data are still kept', async () => {
    const kept = getExternalWorkflowHandle(runIdOf('hold', input.snapshot.stack.stack, hold.token));
    const { state } = await run.activities.quick.holdState({ hold: kept.workflowId });
    const stores = toUndo(state ?? hold);
    if (stores.length === 0) throw undoneAlready(input);
    const told = await kept.signal(undoneSignal, []).then(
      () => true,
      () => false,
    );
    if (!told) throw fail('store.gone', { restore: input.restore, kept: hold.at });
    return stores;
  });
}
