import { CancellationScope, getExternalWorkflowHandle } from '@temporalio/workflow';
import { runId as runIdOf } from '../../contracts/ids.js';
import type { HoldInput, UndoInput } from '../../contracts/runs/procedures.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { fail, failureOf } from '../shared/failures.js';
import { runProcedure, stopWhenCancelled } from '../shared/run.js';
import { askChecks } from '../shared/checks.js';
import { consumersFor, runningOf, startConsumers, stopConsumers } from '../shared/consumers.js';
import { requireKnownRequester } from '../shared/requester.js';
import { undoneSignal } from './hold.js';

const NONE = { stop: [], start: [] };

/** Puts the data a restore replaced back into service. Writes since the cut-over go with it, and are kept too. */
export async function undoRestore(input: UndoInput & { readonly hold: HoldInput }): Promise<string[]> {
  const { snapshot, hold } = input;
  const { stack } = snapshot;
  const { stores } = hold;
  const place = { mode: hold.mode, token: hold.token, at: hold.at };

  return await runProcedure(
    input,
    { procedure: 'restore-undo', limitSeconds: stack.limits.run, record: true },
    async (run) => {
      if (hold.undone === true)
        throw fail('store.gone', { restore: input.restore, why: 'it was undone already' });
      const frozen = await run.activities.quick.frozenTargets({ stack: stack.stack, targets: stores });
      // Nobody is asked for what would be refused afterwards.
      if (frozen.length > 0) throw fail('target.frozen', { why: frozen.join('; ') });
      const consumers = consumersFor(stack, stores);
      const policy = stack.approvals.restore;
      if (policy) {
        requireKnownRequester(run, input, { request: { undo: input.restore }, policy });
        const lines = [
          ...stores.map(
            (store) =>
              `${store}: the data that ${input.restore} replaced come back; what was restored, with all that was written since, goes and is kept aside for ${formatDuration(hold.seconds)}`,
          ),
          ...Object.entries(hold.wayBack ?? {}).map(
            ([store, left]) => `${store}: stays as it was restored (${left})`,
          ),
          ...(consumers.stop.length > 0
            ? [`stop ${consumers.stop.join(', ')}`, `start ${consumers.start.join(', ')}`]
            : []),
        ];
        const facts = { restore: input.restore, config: snapshot.configSha256 };
        await run.step('Ask for approval', () =>
          run.approvals.ask({ step: 'restore-undo', title: `Undo ${input.restore}`, lines, facts, policy }),
        );
      }
      const targets = [...stores, ...consumers.stop];
      await run.step(`Take ${targets.join(', ')}`, () =>
        run.locks.take(targets, {
          mode: 'exclusive',
          priority: 'emergency',
          purpose: `undo asked by ${input.by.name}`,
        }),
      );
      const kept = getExternalWorkflowHandle(runIdOf('hold', stack.stack, hold.token));
      await run.step('Look whether the replaced data are still kept', async () => {
        const told = await kept.signal(undoneSignal, false).then(
          () => true,
          () => false,
        );
        if (!told) throw fail('store.gone', { restore: input.restore, kept: hold.at });
      });
      // Those of a restore that could not be put back stand still on purpose, until an undo has been done.
      const ran = hold.unresolved === undefined ? await runningOf(run, snapshot, consumers) : NONE;
      await stopConsumers(run, snapshot, consumers, ran);
      stopWhenCancelled();
      const findings: string[] = [];
      // Whoever cancels from here on is too late: it would leave a mix, or services without what they need.
      await CancellationScope.nonCancellable(async () => {
        await putBackAll();
        await kept.signal(undoneSignal, true).catch(() => undefined);
        await startConsumers(run, snapshot, consumers, { stopToUndo: false });
        run.commit();
        await askChecks(run, snapshot);
      });
      return findings;

      async function putBackAll(): Promise<void> {
        const failed: Record<string, string> = {};
        for (const store of [...stores].reverse()) {
          const putBack = (note: (line: string) => void) => putBackIn(note, store);
          await run.step(`Put back ${store}`, putBack).catch((error: unknown) => {
            failed[store] = failureOf(error).message;
          });
        }
        const left = Object.keys(failed);
        if (left.length === 0) return;
        // All as before: the services start again on what they had. Some: on a mix they must not.
        if (left.length < stores.length) run.commit();
        throw fail(left.length < stores.length ? 'store.half-undone' : 'tool.failed', failed);
      }

      async function putBackIn(note: (line: string) => void, store: string): Promise<void> {
        const found = await run.activities.undo.undoRestore({
          ...{ snapshot, store, place },
          fence: run.locks.held(store),
          // Of a restore that failed half-way not every store need have been switched.
          finished: hold.unresolved === undefined,
        });
        found.forEach(note);
        findings.push(...found);
      }
    },
  );
}
