import { executeChild } from '@temporalio/workflow';
import { compact } from '../../contracts/keys.js';
import { runId } from '../../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../contracts/names.js';
import type { DeployInput } from '../../contracts/runs/deploy.js';
import type { BackupInput, BackupResult } from '../../contracts/runs/procedures.js';
import { FRESH_SECONDS } from '../../contracts/stack/deploy.js';
import { storesNeededBy } from '../../contracts/stack/dependencies.js';
import { demandedDepth } from '../../contracts/stack/stack.js';
import { fail } from '../shared/failures.js';
import type { Run } from '../shared/run.js';
import type { ServicePlan } from './plan.js';
import { isNew, migrationOf } from './plan.js';

/**
 * Sees to verified backups that are as young as the stack file wants them before a deploy, and to fresh ones before a
 * change of data. Before anything is taken: a backup may need what the deploy will hold.
 */
export async function backUpFirst(
  run: Run,
  input: DeployInput,
  plans: readonly ServicePlan[],
): Promise<void> {
  const wanted = ages(input, plans);
  if (wanted.size === 0) return;
  const { snapshot } = input;
  const due = await run.step('Look at the backups', async (note) => {
    const standings = await run.activities.look.standings({ snapshot });
    return [...wanted].flatMap(([store, seconds]) => {
      const at = standings.find((one) => one.store === store)?.newestVerified?.at;
      note(`${store}: ${at === undefined ? 'no verified backup' : `the newest verified one is of ${at}`}`);
      const young = at !== undefined && Date.now() - Date.parse(at) <= seconds * 1000;
      return young ? [] : [store];
    });
  });
  if (due.length > 0) await run.step(`Back up ${due.join(', ')} first`, () => backUp(input, due));
}

/** The oldest that a verified backup of each store may be, in seconds. */
function ages({ snapshot }: DeployInput, plans: readonly ServicePlan[]): Map<string, number> {
  const wanted = new Map<string, number>();
  const want = (store: string, seconds: number): void => {
    wanted.set(store, Math.min(seconds, wanted.get(store) ?? Number.POSITIVE_INFINITY));
  };
  for (const plan of plans.filter(isNew)) {
    const { backup } = snapshot.stack.services[plan.service]?.deploy.before ?? {};
    for (const store of backup?.stores ?? []) want(store, backup?.within ?? FRESH_SECONDS);
    const migration = migrationOf(snapshot.stack, plan);
    const stores = migration && (migration.backup ?? storesNeededBy(snapshot.stack, plan.service));
    for (const store of stores ?? []) want(store, 0);
  }
  return wanted;
}

async function backUp({ snapshot, by, token }: DeployInput, stores: readonly string[]): Promise<void> {
  const { stack } = snapshot;
  const verify = stores.some((store) => demandedDepth(stack, store) === 'restored') ? 'restored' : 'readable';
  const args: BackupInput = { version: 1, snapshot, by, stores, verify };
  const result = await executeChild<(input: BackupInput) => Promise<BackupResult>>('backup', {
    workflowId: runId('backup', stack.stack, `${compact(new Date())}-${token}`),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [args],
    memo: { by: by.name, procedure: 'backup', stack: stack.stack, dryRun: false },
  });
  const bad = result.stores.filter(
    (one) => one.failure !== undefined || one.proof?.passed !== true || one.shrunk,
  );
  if (bad.length > 0)
    throw fail('deploy.unable', {
      services: bad
        .map((one) => `no verified backup of ${one.store}: ${one.failure?.message ?? 'it is suspect'}`)
        .join('; '),
    });
}
