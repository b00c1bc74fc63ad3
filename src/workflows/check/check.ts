import type { CheckLine } from '../../contracts/runs/check-line.js';
import type { CheckInput } from '../../contracts/runs/procedures.js';
import { readerOf, type StoreConfig } from '../../contracts/stack/stores.js';
import { runProcedure } from '../shared/run.js';

const hasReader = (store: StoreConfig | undefined): boolean =>
  store !== undefined && readerOf(store) !== undefined;

/** Has the site's workers reach everything the file names: a line each. */
export async function check(input: CheckInput): Promise<CheckLine[]> {
  const { snapshot, stores } = input;
  return await runProcedure(input, { procedure: 'check', limitSeconds: 600, record: false }, async (run) => {
    const lines = await Promise.all([
      run.step('Check the tools', () => run.activities.backup.checkTools()),
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
      run.step('Ask the checks', () => run.activities.change.checkChecks({ snapshot })),
    ]);
    return lines.flat();
  });
}
