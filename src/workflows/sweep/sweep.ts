import { workflowInfo } from '@temporalio/workflow';
import type { SweepInput } from '../../contracts/runs/procedures.js';
import type { LitterLine, SweepResult } from '../../contracts/runs/lines.js';
import { runProcedure } from '../shared/run.js';

/** Deletes what belongs to no backup: leftovers of killed attempts. A dry run says what and why. */
export async function sweep(input: SweepInput): Promise<SweepResult> {
  const { snapshot, dryRun } = input;
  const { stack, site, limits } = snapshot.stack;
  const options = { procedure: 'sweep', limitSeconds: limits.run, record: !dryRun } as const;

  return await runProcedure(input, options, async (run) => {
    const lines = await run.step('Look for litter', async (note) => {
      const found = await run.activities.proof.findLitter({ snapshot, now: new Date().toISOString() });
      const litter = found.filter((one) => one.litter);
      note(`${litter.length} to delete, ${found.length - litter.length} left`);
      return found;
    });
    const litter = lines.filter((one) => one.litter);
    if (dryRun || litter.length === 0) return { dryRun, lines };

    const { workflowId, runId } = workflowInfo();
    const holder = { workflowId, runId };
    run.atEnd(() => run.activities.quick.endDelete({ stack, site }, holder));
    return await run.step(`Delete ${litter.length} left-overs`, async (note) => {
      const backups = litter.flatMap((one) => (one.backup ? [one.backup] : []));
      const permit = await run.activities.quick.beginDelete({ stack, site }, { ...holder, backups });
      for (const one of permit.refused) note(`${one.store} ${one.id} is read by ${one.by}: left`);
      const granted = litter.filter((one) => !permit.refused.some((refused) => isOf(one, refused)));
      const gone = new Set(await run.activities.keeper.deleteLitter({ snapshot, lines: granted, holder }));
      granted.forEach((one) => note(`${one.key}: ${gone.has(one.key) ? 'deleted' : 'left'}, ${one.why}`));
      return { dryRun, lines: lines.map((one) => ({ ...one, deleted: one.litter && gone.has(one.key) })) };
    });
  });
}

const isOf = (line: LitterLine, backup: { readonly store: string; readonly id: string }): boolean =>
  line.backup?.store === backup.store && line.backup.id === backup.id;
