import type { PruneInput, PruneResult } from '../../contracts/runs/procedures.js';
import { runProcedure } from '../shared/run.js';
import { pruneStores } from './prune-stores.js';

/** Retention: deletes what the plans no longer keep; a dry run says what and why. */
export async function prune(input: PruneInput): Promise<PruneResult> {
  const { snapshot, stores, dryRun } = input;
  const options = { procedure: 'prune', limitSeconds: snapshot.stack.limits.run, record: !dryRun } as const;
  return await runProcedure(input, options, async (run) => ({
    dryRun,
    lines: await pruneStores(run, { snapshot, stores, dryRun }),
  }));
}
