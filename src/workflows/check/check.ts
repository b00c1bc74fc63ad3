import { patched } from '@temporalio/workflow';
import type { CheckLine } from '../../contracts/runs/check-line.js';
import type { CheckInput } from '../../contracts/runs/procedures.js';
import { readerOf, type StoreConfig } from '../../contracts/stack/stores.js';
import { runProcedure, type Run } from '../shared/run.js';

const hasReader = (store: StoreConfig | undefined): boolean =>
  store !== undefined && readerOf(store) !== undefined;

/** Has the site's workers reach everything the file names: a line each. */
export async function check(input: CheckInput): Promise<CheckLine[]> {
  const { snapshot, stores } = input;
  return await runProcedure(input, { procedure: 'check', limitSeconds: 600, record: false }, async (run) => {
    const lines = await Promise.all([
      run.step('Check the tools', () => run.activities.backup.checkTools({ snapshot })),
      run.step('Check storage', () => run.activities.proof.checkStorage({ snapshot })),
      ...stores.map((store) =>
        run.step(`Check ${store}`, () => run.activities.backup.checkStore({ snapshot, store })),
      ),
      ...stores
        .filter((store) => hasReader(snapshot.stack.stores[store]))
        .map((store) =>
          run.step(`Check ${store} as its owner`, () =>
            run.activities.change.checkOwner({ snapshot, store }),
          ),
        ),
      // A check that was begun by an earlier release does not look at deploys.
      ...(patched('checks-deploys') && Object.keys(snapshot.stack.services).length > 0
        ? [run.step('Check deploys', () => run.activities.change.checkDeploys({ snapshot }))]
        : []),
      run.step('Ask the checks', () => run.activities.change.checkChecks({ snapshot })),
    ]);
    // A worker of several roles says the same thing more than once.
    const once = new Map(lines.flat().map((line) => [JSON.stringify(line), line]));
    return [...once.values(), ...(await checkRights(run, input))];
  });
}

/** Each role tries what it needs of a bucket; in a folder all have the rights of the worker's user. */
async function checkRights(run: Run, { snapshot }: CheckInput): Promise<CheckLine[]> {
  if (snapshot.stack.storage.main.s3 === undefined) return [];
  const { activities } = run;
  return await run.step('Try the rights of each role', async () => {
    const { probe, lines } = await activities.backup.checkBackupRights({
      snapshot,
      now: new Date().toISOString(),
    });
    const proof = await activities.proof.checkProofRights({ snapshot, probe });
    const change = await activities.change.checkChangeRights({ snapshot, probe });
    // Last: it deletes what the others have tried.
    const keeper = await activities.keeper.checkKeeperRights({ snapshot, probe });
    return [...lines, ...proof, ...change, ...keeper];
  });
}
