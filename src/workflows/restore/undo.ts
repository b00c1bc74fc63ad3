import { CancellationScope, getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { runId as runIdOf } from '../../contracts/ids.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { HoldInput, UndoInput } from '../../contracts/runs/procedures.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { fail, failureOf } from '../shared/failures.js';
import { runProcedure, stopWhenCancelled } from '../shared/run.js';
import { askInStep } from '../shared/ask-in-step.js';
import { askChecks } from '../shared/checks.js';
import {
  consumersFor,
  runningOf,
  startLines,
  startWhole,
  stopConsumers,
  storesNotBack,
} from '../shared/consumers.js';
import { tellNotice } from '../shared/tell-run.js';
import { requireKnownRequester } from '../shared/requester.js';
import { undoneSignal } from './hold.js';

/** Failures that say by themselves that the live data are as they were. */
const UNTOUCHED = new Set(['store.gone', 'target.fenced']);

/** Puts the data a restore replaced back into service. Writes since the cut-over go with it, and are kept too. */
export async function undoRestore(input: UndoInput & { readonly hold: HoldInput }): Promise<string[]> {
  const { snapshot, hold } = input;
  const { stack } = snapshot;
  // Of a restore that failed, only what could not be put back then.
  const stores = hold.unresolved === undefined ? hold.stores : Object.keys(hold.unresolved);
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
      const consumers = consumersFor(stack, hold.unresolved === undefined ? stores : hold.of);
      const policy = stack.approvals.restore;
      if (policy) {
        requireKnownRequester(run, input, { request: { undo: input.restore }, policy });
        const others = [
          ...Object.keys(await storesNotBack(run, snapshot)).filter((one) => !stores.includes(one)),
          ...Object.keys(hold.notBack ?? {}),
        ];
        const lines = [
          ...stores.map(
            (store) =>
              `${store}: the data that ${input.restore} replaced come back; what was restored, with all that was written since, goes and is kept aside for ${formatDuration(hold.seconds)}`,
          ),
          ...Object.entries(hold.notBack ?? {}).map(
            ([store, { by, why }]) => `${store}: what comes back was in disorder, since ${by}: ${why}`,
          ),
          ...Object.entries(hold.wayBack ?? {}).map(([store, left]) => `${store}: stays as it is (${left})`),
          ...(consumers.stop.length > 0 ? [`stop ${consumers.stop.join(', ')}`] : []),
          ...startLines(stack, consumers, others),
        ];
        const facts = { restore: input.restore, config: snapshot.configSha256 };
        const title = `Undo ${input.restore}`;
        await askInStep(run, { step: 'restore-undo', title, lines, facts, policy });
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
      await tellNotice(input, 'restore-undo', {
        title: `undo of ${input.restore} begins`,
        stops: consumers.stop,
        lines: stores.map((store) => `${store}: the data that were replaced come back`),
      });
      const ran = await runningOf(run, snapshot, consumers);
      await stopConsumers(run, snapshot, consumers, ran);
      stopWhenCancelled();
      const findings: string[] = [];
      // Whoever cancels from here on is too late: it would leave a mix, or services without what they need.
      await CancellationScope.nonCancellable(async () => {
        await putBackAll();
        await run.step('Keep what was live until now for its time', async (note) => {
          await kept
            .signal(undoneSignal, true)
            .catch((error: unknown) => note(`nobody keeps it: ${failureOf(error).message}`));
        });
        findings.push(...(await startWhole(run, snapshot, consumers, { stopToUndo: false })));
        run.commit();
        await askChecks(run, snapshot);
      });
      return findings;

      async function putBackAll(): Promise<void> {
        const failed: Record<string, string> = {};
        const errors: unknown[] = [];
        for (const store of [...stores].reverse()) {
          const putBack = (note: (line: string) => void) => putBackIn(note, store);
          await run.step(`Put back ${store}`, putBack).catch((error: unknown) => {
            failed[store] = failureOf(error).message;
            errors.push(error);
          });
        }
        if (errors.length === 0) return;
        // All as before: the services start again on what they had. On a mix, or on half of something, they must not.
        const untouched = errors.every((error) => UNTOUCHED.has(failureOf(error).code));
        if (errors.length === stores.length && untouched) throw errors[0];
        run.commit();
        throw fail('store.half-undone', failed);
      }

      async function putBackIn(note: (line: string) => void, store: string): Promise<void> {
        const noted = (await storesNotBack(run, snapshot))[store];
        const earlier = hold.notBack?.[store];
        const { workflowId } = workflowInfo();
        const undoIt = `bring ${store} back with: steady restore undo ${input.restore}`;
        const way = (noted?.begun === true ? undefined : noted?.way) ?? earlier?.way ?? undoIt;
        const say = (why: string): NotBack => ({ at: new Date().toISOString(), by: workflowId, why, way });
        // Should this run be ended by hand: nothing that is kept is dropped, and nobody relies on what is live.
        await run.locks.setNotBack(
          store,
          say(`${workflowId} was putting them back, and has not ended by itself`),
        );
        try {
          const found = await run.activities.undo.undoRestore({
            ...{ snapshot, store, place },
            fence: run.locks.held(store),
            ...{ finished: true, begun: true },
          });
          found.forEach(note);
          findings.push(...found);
          await run.locks.settleNotBack(store, earlier);
        } catch (error) {
          const { code, message } = failureOf(error);
          await run.locks.settleNotBack(store, UNTOUCHED.has(code) ? noted : say(message));
          throw error;
        }
      }
    },
  );
}
