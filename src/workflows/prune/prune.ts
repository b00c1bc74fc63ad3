import type { PruneInput, PruneResult } from '../../contracts/runs/procedures.js';
import { runProcedure } from '../shared/run.js';
import { pruneStores } from './prune-stores.js';
import { renewLocks } from './renew-locks.js';

/** Retention: locks anew what the plans keep, deletes what they no longer keep; a dry run says what and why. */
export async function prune(input: PruneInput): Promise<PruneResult> {
  const { snapshot, stores, dryRun } = input;
  const options = { procedure: 'prune', limitSeconds: snapshot.stack.limits.run, record: !dryRun } as const;
  return await runProcedure(input, options, async (run) => {
    if (!dryRun) await renewLocks(run, { snapshot, stores });
    return { dryRun, lines: await pruneStores(run, { snapshot, stores, dryRun }) };
  });
}
