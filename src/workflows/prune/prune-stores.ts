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
    for (const { store, id, lockedUntil } of planned)
      if (lockedUntil !== undefined) note(`${store} ${id} is locked until ${lockedUntil}`);
    return planned;
  });
  const unwanted = lines
    .filter((one) => !one.keep && one.lockedUntil === undefined)
    .map(({ store, id }) => ({ store, id }));
  if (dryRun || unwanted.length === 0) return lines;

  const { workflowId, runId } = workflowInfo();
  const holder = { workflowId, runId };
  run.atEnd(() => run.activities.quick.endDelete(at, holder));
  return await run.step(`Delete ${unwanted.length} backups`, async (note) => {
    const permit = await run.activities.quick.beginDelete(at, { ...holder, backups: unwanted });
    for (const one of permit.refused)
      note(`${one.store} ${one.id} is read by ${one.by}: left for the next time`);
    const now = new Date().toISOString();
    const left = await run.activities.keeper.deleteBackups({
      snapshot,
      backups: permit.granted,
      holder,
      now,
    });
    const named = ({ store, id }: BackupRef): string => `${store} ${id}`;
    const locks = new Map<string, string | undefined>();
    for (const one of left) {
      locks.set(named(one), one.lockedUntil);
      note(
        one.lockedUntil === undefined
          ? `${named(one)} was marked to be kept meanwhile`
          : `${named(one)} is locked until ${one.lockedUntil}`,
      );
    }
    const gone = new Set(permit.granted.map(named).filter((name) => !locks.has(name)));
    return lines.map((line) => {
      const lockedUntil = line.lockedUntil ?? locks.get(named(line));
      return { ...line, deleted: gone.has(named(line)), ...(lockedUntil !== undefined && { lockedUntil }) };
    });
  });
}
