import {
  CancellationScope,
  executeChild,
  ParentClosePolicy,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures.js';
import { WORKFLOW_TASK_QUEUE } from '../../contracts/names.js';
import { runId, timeId } from '../../contracts/ids.js';
import type {
  BackupInput,
  BackupResult,
  StoreBackupInput,
  StoreBackupResult,
} from '../../contracts/runs/procedures.js';
import { usualDepth } from '../../contracts/stack/stack.js';
import { createTurns } from '../shared/turns.js';
import { failureOf, fail, isOwnCancellation } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';
import { pruneStores } from '../prune/prune-stores.js';
import { renewLocks, renewLocksBeside } from '../prune/renew-locks.js';
import { backupStore } from './backup-store.js';
import { mixedBy } from './mixed.js';
import { tellVerified } from './tell-verified.js';

/** Backups of a plan's stores taken together: a child per store, locks renewed meanwhile, the set, then retention. */
export async function backup(input: BackupInput): Promise<BackupResult> {
  const { snapshot } = input;
  const plan = input.plan === undefined ? undefined : snapshot.stack.plans[input.plan];
  const limitSeconds = plan?.limit ?? snapshot.stack.limits.run;

  return await runProcedure(input, { procedure: 'backup', limitSeconds, record: true }, async (run) => {
    const setId = timeId(new Date(), randomBytes5());
    const opened = await run.step('Open storage', () => run.activities.look.openStack(snapshot));
    const depth = input.verify ?? plan?.verify ?? usualDepth(snapshot.stack);

    // From the first on: neither a store that fails nor the run's limit may let what is kept become unlocked.
    const everything = { snapshot, stores: Object.keys(snapshot.stack.stores) };
    const renewing = renewLocksBeside(run, everything);
    const turn = createTurns(snapshot.stack.limits.parallel);
    const results = await Promise.all(
      input.stores.map((store) => {
        const child: StoreBackupInput = {
          version: 1,
          snapshot,
          by: input.by,
          store,
          setId,
          verify: depth,
          stackUuid: opened.uuid,
          ...(input.plan !== undefined && { plan: input.plan }),
        };
        return storeInStep(run, child, turn);
      }),
    );
    const unrenewed = await renewing;

    const left = results.filter(({ failure }) => failure?.code === 'run.left');
    // The next step would tell of the cancelling alone.
    if (left.length > 0 && CancellationScope.current().consideredCancelled)
      throw fail('run.left', Object.fromEntries(left.map((one) => [one.store, one.failure?.message])));

    await run.step('Write the set', async (note) => {
      // A chain that was rewritten later differs from what stands in the sets.
      const head = await orNote(run.activities.quick.ledgerHead(snapshot.stack.stack), (why) =>
        note(`without the head of the chain of records: ${why}`),
      );
      const asked = { stack: snapshot.stack.stack, targets: results.map((one) => one.store) };
      const changes = await orNote(run.activities.quick.lastChanges(asked), (why) =>
        note(`nobody could tell whether a restore lay in between: ${why}`),
      );
      const mixed = mixedBy(results, changes ?? {});
      if (mixed !== undefined) note(mixed);
      const set = {
        ...setOf(setId, input, results),
        ...(head && { ledgerHead: head }),
        ...(mixed !== undefined && { mixed }),
      };
      await run.activities.look.writeSet({ snapshot, set });
    });
    const failed = results.filter((one) => one.failure !== undefined);
    const result: BackupResult = { setId, stores: results };
    if (failed.length > 0) {
      const unproven = failed.every((one) => one.failure?.code === 'backup.unproven');
      throw fail(unproven ? 'backup.unproven' : 'backup.failed', {
        ...Object.fromEntries(failed.map((one) => [one.store, one.failure?.message])),
        done: results.length - failed.length,
        ...(unrenewed && { 'locks not renewed': unrenewed.message }),
      });
    }
    await tellVerified(input, setId, results);
    // With all backups sealed and told of, locks that end are a reason to fail.
    if (unrenewed !== undefined) await renewLocks(run, everything);
    if (plan?.keep === undefined) return result;
    const lines = await pruneStores(run, { snapshot, stores: input.stores, dryRun: false });
    return { ...result, pruned: lines.filter((one) => one.deleted).length };
  });
}

/** What is worth knowing, and no reason to fail a backup that is sealed: where nobody can tell, why is noted. */
async function orNote<T>(asked: Promise<T>, note: (why: string) => void): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isOwnCancellation(error)) throw error;
    note(failureOf(error).message);
    return undefined;
  }
}

/** A step that keeps a failing store's failure to itself: a run that ends early would cut the others off. */
async function storeInStep(
  run: Run,
  child: StoreBackupInput,
  turn: ReturnType<typeof createTurns>,
): Promise<StoreBackupResult> {
  const stack = child.snapshot.stack.stack;
  let result: StoreBackupResult = { store: child.store, steps: [] };
  try {
    const inStep = async (note: (line: string) => void): Promise<StoreBackupResult> => {
      result = await executeChild(backupStore, {
        workflowId: runId(
          'backup-store',
          stack,
          `${child.store}.${workflowInfo().workflowId.split('.').slice(2).join('.')}`,
        ),
        taskQueue: WORKFLOW_TASK_QUEUE,
        args: [child],
        // However this run ends, the child puts back what it has begun, such as a stopped service.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      });
      if (result.backupId !== undefined)
        note(`${result.backupId}, ${result.proof ? result.proof.depth : 'stored, not proven'}`);
      if (result.shrunk === true && result.backupId !== undefined)
        note(
          `sharply smaller than the last: it counts for nothing until \`steady backup accept ${result.backupId}\``,
        );
      if (result.failure) {
        throw fail(codeOf(result), { store: child.store, why: result.failure.message });
      }
      return result;
    };
    return await turn(() => run.step(`Back up ${child.store}`, inStep));
  } catch (error) {
    return { ...result, failure: failureOf(error) };
  }
}

/** What is sealed is there, whatever came after it. */
function codeOf({ backupId, failure }: StoreBackupResult): FailureCode {
  if (failure?.code === 'verify.failed') return 'verify.failed';
  return backupId === undefined || failure?.code === 'run.left' ? 'backup.failed' : 'backup.unproven';
}

function setOf(id: string, input: BackupInput, results: readonly StoreBackupResult[]) {
  const taken = results.flatMap((one) => (one.takenAt === undefined ? [] : [Date.parse(one.takenAt)]));
  return {
    version: 1 as const,
    id,
    stack: input.snapshot.stack.stack,
    at: new Date().toISOString(),
    backups: Object.fromEntries(
      results.flatMap((one) => (one.backupId === undefined ? [] : [[one.store, one.backupId]])),
    ),
    failed: Object.fromEntries(
      results.flatMap((one) => (one.failure === undefined ? [] : [[one.store, one.failure.message]])),
    ),
    skewSeconds: taken.length < 2 ? 0 : (Math.max(...taken) - Math.min(...taken)) / 1000,
    configSha256: input.snapshot.configSha256,
    ...(input.plan !== undefined && { plan: input.plan }),
  };
}

/** Five bytes from the workflow's own deterministic randomness. */
function randomBytes5(): Uint8Array {
  const hex = uuid4().replaceAll('-', '');
  return Uint8Array.from([0, 2, 4, 6, 8], (at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
