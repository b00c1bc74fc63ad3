import { CancellationScope } from '@temporalio/workflow';
import { toUndo, type HoldInput, type UndoInput } from '../../contracts/runs/procedures.js';
import { fail } from '../shared/failures.js';
import { runProcedure, stopWhenCancelled } from '../shared/run.js';
import { askChecks } from '../shared/checks.js';
import { consumersFor, runningOf, startWhole, stopConsumers, storesNotBack } from '../shared/consumers.js';
import { tellNotice } from '../shared/tell-run.js';
import { agreeToUndo, undoneAlready } from './agree-to-undo.js';
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
      if (asked.length === 0) throw undoneAlready(input.restore);
      const frozen = await run.activities.quick.frozenTargets({ stack: stack.stack, targets: asked });
      // Nobody is asked for what would be refused afterwards.
      if (frozen.length > 0) throw fail('target.frozen', { why: frozen.join('; ') });
      // Of a restore that failed, the services of each store may stand still.
      const consumers = consumersFor(stack, hold.unresolved === undefined ? hold.stores : hold.of);
      const stores = await agreeToUndo(run, { input, stores: asked, consumers });
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
