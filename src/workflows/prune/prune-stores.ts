import { workflowInfo } from '@temporalio/workflow';
import type { BackupRef } from '../../contracts/runs/claims.js';
import type { PruneLine } from '../../contracts/runs/procedures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Run } from '../shared/run.js';

/** Decides, asks for the permit to delete, deletes, gives the permit back. */
export async function pruneStores(
  run: Run,
  options: { snapshot: StackSnapshot; stores: readonly string[]; dryRun: boolean },
): Promise<PruneLine[]> {
  const { snapshot, stores, dryRun } = options;
  const at = { stack: snapshot.stack.stack, site: snapshot.stack.site };
  const lines = await run.step('Decide what retention keeps', async (note) => {
    const planned = await run.activities.look.planPrune({ snapshot, stores, now: new Date().toISOString() });
    note(
      `${planned.filter((one) => one.keep).length} kept, ${planned.filter((one) => !one.keep).length} not`,
    );
    return planned;
  });
  const unwanted = lines.filter((one) => !one.keep).map(({ store, id }) => ({ store, id }));
  if (dryRun || unwanted.length === 0) return lines;

  const { workflowId, runId } = workflowInfo();
  const holder = { workflowId, runId };
  run.atEnd(() => run.activities.quick.endDelete(at, holder));
  return await run.step(`Delete ${unwanted.length} backups`, async (note) => {
    const permit = await run.activities.quick.beginDelete(at, { ...holder, backups: unwanted });
    for (const one of permit.refused)
      note(`${one.store} ${one.id} is read by ${one.by}: left for the next time`);
    const now = new Date().toISOString();
    const kept = await run.activities.keeper.deleteBackups({
      snapshot,
      backups: permit.granted,
      holder,
      now,
    });
    for (const one of kept) note(`${one.store} ${one.id} was marked to be kept meanwhile`);
    const named = ({ store, id }: BackupRef): string => `${store} ${id}`;
    const left = new Set(kept.map(named));
    const gone = new Set(permit.granted.map(named).filter((name) => !left.has(name)));
    return lines.map((line) => ({ ...line, deleted: gone.has(named(line)) }));
  });
}
