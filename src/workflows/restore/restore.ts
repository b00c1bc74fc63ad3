import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { RestoredStore, RestoreInput, RestoreResult } from '../../contracts/runs/procedures.js';
import type { Previewed, RestoreStep } from '../../activities/restore.js';
import { fail, failureOf } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';
import { agree } from './agree.js';
import { endDone, endFailed, noteBegun, type AfterCutOver } from './after-cutover.js';
import { describeRestore, type Described } from './describe-restore.js';
import { askChecks } from '../shared/checks.js';
import { consumersFor, runningOf, startWhole, stopConsumers, storesNotBack } from '../shared/consumers.js';
import { tellNotice } from '../shared/tell-run.js';
import { restoreRequest } from '../../contracts/runs/requester.js';
import { requireKnownRequester } from '../shared/requester.js';
import { isBare } from './keep-replaced.js';
import { putBackFrom, saveFirst } from './safety-backup.js';

/** Puts a backup back: looked at first, approved, loaded beside the live data, compared, then cut over. */
export async function restore(input: RestoreInput): Promise<RestoreResult> {
  const { snapshot, mode } = input;
  const { stack } = snapshot;
  const options = { procedure: 'restore', limitSeconds: stack.limits.run, record: !input.dryRun } as const;

  return await runProcedure(input, options, async (run) => {
    const policy = mode === 'into' ? undefined : stack.approvals.restore;
    if (policy && !input.dryRun)
      requireKnownRequester(run, input, { request: restoreRequest(input), policy });

    const selected = await run.step('Find the backup', async (note) => {
      const found = await run.activities.look.selectBackups({ snapshot, selection: input.selection });
      found.backups.forEach(({ store, id }) => note(`${store}: ${id}`));
      found.notes.forEach(note);
      return found;
    });
    const stores = selected.backups.map(({ store }) => store);
    if (mode === 'into' && stores.length > 1)
      throw fail('usage.invalid', { into: input.into, stores: stores.join(','), allowed: 'one store' });
    const place = {
      mode,
      token: input.token,
      at: run.startedAt.toISOString(),
      ...(input.into !== undefined && { into: input.into }),
      ...(input.force === true && { force: true }),
    };
    await claim(run, input, selected.backups);

    const consumers = mode === 'into' ? { stop: [], start: [] } : consumersFor(stack, stores);
    const look = async (): Promise<Described> => {
      const [previews, lost] = await Promise.all([
        Promise.all(
          selected.backups.map((backup) => run.activities.change.previewRestore({ snapshot, backup, place })),
        ),
        consumers.stop.length === 0 ? {} : storesNotBack(run, snapshot),
      ]);
      const notBack = Object.keys(lost).filter((store) => !stores.includes(store));
      return { input, previews, consumers, notBack, notes: selected.notes };
    };
    const first = await run.step('Look before anything is touched', look);
    const frozen =
      mode === 'into'
        ? []
        : await run.activities.quick.frozenTargets({ stack: stack.stack, targets: stores });
    // Nobody is asked for what would be refused afterwards.
    if (frozen.length > 0 && !input.dryRun) throw fail('target.frozen', { why: frozen.join('; ') });
    if (input.dryRun) return { dryRun: true, lines: [...frozen, ...describeRestore(first)], stores: [] };

    const { previews, lines, go } = await agree(run, {
      ...{ input, policy, stores, consumers: consumers.stop },
      ...{ first, look },
    });

    const fenceOf = (store: string) => (mode === 'into' ? {} : { fence: run.locks.held(store) });
    const inPlace = mode === 'in-place';
    // In place, loading is what replaces the live data: nobody may write to them any more.
    const stopFirst = input.consumersFirst || inPlace;
    const stopAll = async (): Promise<void> =>
      stopConsumers(run, snapshot, consumers, await runningOf(run, snapshot, consumers));
    if (mode !== 'into')
      await tellNotice(input, 'restore', {
        title: `restore of ${stores.join(', ')} begins`,
        stops: consumers.stop,
        lines,
      });
    if (stopFirst) await stopAll();
    const restored = new Map<string, RestoredStore>();
    let finished = false;
    /** Stores whose live data it has begun to replace. */
    const begun = new Set<string>();
    /** What earlier restores have left in disorder, of these stores. */
    const before = mode === 'into' ? {} : await storesNotBack(run, snapshot);
    // All of them before the first is replaced: whoever is asked on the way can still say no.
    const saved = await saveFirst(
      run,
      input,
      previews.filter((one) => isBare(input, one) && one.preview.absent !== true),
      before,
    );
    const after: AfterCutOver = { run, input, place, previews, saved, before, noted: new Set(), fenceOf };
    if (mode !== 'into')
      run.atEnd(async (dataLeft) => (finished ? undefined : await endFailed(after, [...begun], dataLeft)));
    const stepOf = ({ store, backupId, preview }: Previewed): RestoreStep => ({
      ...{ snapshot, backup: { store, id: backupId }, ...fenceOf(store) },
      place: inPlace && preview.absent === true ? { ...place, absent: true } : place,
    });
    for (const one of previews) {
      const { preview, store } = one;
      const step = stepOf(one);
      const safety = saved.get(store);
      const undo = async (): Promise<string[]> => {
        try {
          return await run.activities.undo.undoRestore({ ...step, store, begun: begun.has(store) });
        } catch (error) {
          if (safety === undefined || failureOf(error).code !== 'store.gone') throw error;
          return await putBackFrom(run, safety, step);
        }
      };
      const back = safety === undefined ? preview.words.undo : `put it back, from ${safety} where it is gone`;
      // Of data that were never replaced, what could not be removed is only in the way.
      run.compensate(`${store}: ${back}`, undo, { data: () => (begun.has(store) ? store : undefined) });
      const { rawBytes, seconds } = await run.step(`${store}: ${preview.words.load}`, async () => {
        if (isBare(input, one)) {
          await noteBegun(after, store);
          begun.add(store);
        }
        return await run.activities.change.loadBackup(step);
      });
      const findings = await run.step(`${store}: ${preview.words.compare}`, async (note) => {
        const found = await run.activities.change.compareLoaded(step);
        found.forEach(note);
        return found;
      });
      restored.set(store, {
        ...step.backup,
        rawBytes,
        loadSeconds: seconds,
        findings,
        ...(safety !== undefined && { keptAs: `backup ${safety}` }),
      });
    }
    if (mode === 'into') {
      // What was loaded is the result: nothing is put back from here on, and nothing marks it as this run's.
      run.commit();
      for (const one of previews)
        await run.step(`${one.store}: end the restore`, () => run.activities.change.cutOver(stepOf(one)));
      return { dryRun: false, lines, stores: [...restored.values()] };
    }

    if (!stopFirst) await stopAll();
    for (const one of previews) {
      const { preview, store } = one;
      await run.step(`${store}: ${preview.words.cutover}`, async (note) => {
        await noteBegun(after, store, preview.keptAs);
        begun.add(store);
        const { gapSeconds, notes } = await run.activities.change.cutOver(stepOf(one));
        notes.forEach(note);
        note(`gap ${gapSeconds.toFixed(2)} s`);
        restored.set(store, { ...(restored.get(store) as RestoredStore), gapSeconds });
      });
    }
    const notStarted = await startWhole(run, snapshot, consumers, { stopToUndo: true });
    await askChecks(run, snapshot);
    run.commit();
    finished = true;
    const rtoSeconds = (Date.now() - go) / 1000;
    // Whoever cancels now is too late: what was replaced must be kept, and dropped in time.
    const kept = await CancellationScope.nonCancellable(() => endDone(after));
    const done = [...restored.values()].map((one) => {
      const keptAs = kept.get(one.store) ?? one.keptAs;
      return { ...one, ...(keptAs !== undefined && { keptAs }) };
    });
    const asked = [
      ...consumers.start.map((name) => stack.services[name]?.health),
      ...Object.values(stack.checks),
    ];
    const answered = asked.some((one) => one !== undefined);
    return { dryRun: false, lines, stores: done, rtoSeconds, answered, notStarted };
  });
}

async function claim(
  run: Run,
  input: RestoreInput,
  backups: readonly { store: string; id: string }[],
): Promise<void> {
  const { stack, site } = input.snapshot.stack;
  const { workflowId, runId } = workflowInfo();
  run.atEnd(() => run.activities.quick.unclaimBackups({ stack, site }, { workflowId, runId }));
  await run.step('Claim the backups, so that prune leaves them', () =>
    run.activities.quick.claimBackups({ stack, site }, { workflowId, runId, backups }),
  );
}
