import { patched, workflowInfo } from '@temporalio/workflow';
import type { StoreBackupInput, StoreBackupResult } from '../../contracts/runs/procedures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { needsQuiet } from '../../contracts/stack/stores.js';
import {
  consumersFor,
  runningOf,
  startConsumers,
  stopConsumers,
  storesNotBack,
  type Consumers,
} from '../shared/consumers.js';
import { proveBackup } from '../verify/prove-backup.js';
import { runProcedure, type Run } from '../shared/run.js';
import { fail, failureOf, isOwnCancellation } from '../shared/failures.js';
import { tellShrunk } from './tell-shrunk.js';

/** The backup of one store: lock, dump, seal, prove. Its failure is its own: the set goes on with the others. */
export async function backupStore(input: StoreBackupInput): Promise<StoreBackupResult> {
  const { store, snapshot } = input;
  const parent = workflowInfo().parent;
  const { workflowId, runId } = parent ?? workflowInfo();
  const options = {
    procedure: 'backup-store',
    limitSeconds: snapshot.stack.limits.run,
    record: false,
  } as const;

  return await runProcedure<StoreBackupResult>(input, options, async (run) => {
    const config = snapshot.stack.stores[store];
    const quiet = config !== undefined && needsQuiet(config);
    const consumers = quiet ? consumersFor(snapshot.stack, [store]) : { stop: [], start: [] };
    const mode = consumers.stop.length > 0 ? 'exclusive' : 'shared';
    // Whoever stops a service takes it: another run must not start it meanwhile.
    const targets = [store, ...consumers.stop];
    await run.step(`Take ${targets.join(', ')} for reading`, () =>
      run.locks.take(targets, {
        ...{ mode, priority: 'scheduled', purpose: `backup of ${store}` },
        reads: true,
      }),
    );
    const from = new Date().toISOString();
    const notBack = await storesNotBack(run, snapshot);
    const lost = notBack[store];
    // A copy of half a restore would push good backups out.
    if (lost !== undefined)
      throw fail('store.not-back', { store, since: lost.at, way: lost.way ?? lost.why });
    const running = await runningOf(run, snapshot, consumers, notBack);
    await stopConsumers(run, snapshot, consumers, running);
    const dumped = await run.step(`Back up ${store}`, async (note) => {
      const { patientBackup, urgentBackup } = run.activities;
      const result = await (running.stop.length > 0 ? urgentBackup : patientBackup).dumpStore({
        snapshot,
        store,
        stackUuid: input.stackUuid,
        now: new Date().toISOString(),
        setId: input.setId,
        run: { workflowId, runId },
        ...(input.plan !== undefined && { plan: input.plan }),
      });
      note(`${result.backupId}: ${result.bytes} bytes stored of ${result.rawBytes}`);
      result.notes.forEach(note);
      return result;
    });
    const notStarted = await startEach(run, snapshot, running);
    run.commit();
    const to = new Date().toISOString();
    // What follows reads storage alone: nobody has to wait for it.
    await run.locks.releaseAll();
    const sealed = await run.step(`Seal ${dumped.backupId}`, async (note) => {
      const result = await run.activities.look.seal({
        snapshot,
        store,
        dumped,
        now: new Date().toISOString(),
      });
      if (result.shrunk)
        note(
          `sharply smaller than ${result.shrunk.previous}: ${result.shrunk.to} bytes after ${result.shrunk.from}`,
        );
      return result;
    });
    if (sealed.shrunk && patched('tells-shrunk')) await tellShrunk(input, sealed, { workflowId, runId });
    const at = { stack: snapshot.stack.stack, site: snapshot.stack.site };
    const holder = { workflowId: workflowInfo().workflowId, runId: workflowInfo().runId };
    run.atEnd(() => run.activities.quick.unclaimBackups(at, holder));
    const done = {
      store,
      backupId: dumped.backupId,
      takenAt: dumped.takenAt,
      held: { from, to },
      bytes: dumped.bytes,
      rawBytes: dumped.rawBytes,
      seconds: dumped.seconds,
      shrunk: sealed.shrunk !== undefined,
    };
    try {
      // Another backup's retention must not delete it meanwhile.
      await run.activities.quick.claimBackups(at, { ...holder, backups: [{ store, id: dumped.backupId }] });
      const proof = await proveBackup(run, {
        snapshot,
        backup: { store, id: dumped.backupId },
        depth: input.verify,
      });
      const failure = notStarted === undefined ? {} : { failure: failureOf(notStarted) };
      return {
        ...done,
        ...failure,
        proof: { depth: proof.depth, passed: proof.passed },
        steps: run.timeline.steps,
      };
    } catch (error) {
      if (isOwnCancellation(error)) throw error;
      // The backup is there all the same; that it could not be proven is told.
      return { ...done, failure: failureOf(notStarted ?? error), steps: run.timeline.steps };
    }
  });
}

/** Starts every consumer, whatever becomes of the others; gives the first failure: the backup is none the worse. */
async function startEach(run: Run, snapshot: StackSnapshot, consumers: Consumers): Promise<unknown> {
  let failure: unknown;
  for (const service of consumers.start) {
    try {
      await startConsumers(run, snapshot, { stop: [], start: [service] }, { stopToUndo: false });
    } catch (error) {
      if (isOwnCancellation(error)) throw error;
      failure ??= error;
    }
  }
  return failure;
}
