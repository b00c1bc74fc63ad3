import type { RestoredStore, RestoreResult } from '../contracts/runs/procedures.js';
import { bytesText, secondsText, table } from './words.js';

/** What a restore did (or would do), and how to switch back. */
export function restoredLines(result: RestoreResult, run: string): string[] {
  if (result.dryRun)
    return ['What would happen:', ...result.lines.map((line) => `  ${line}`), 'Nothing was changed.'];
  const rows = result.stores.map((one) => [
    one.store,
    one.id,
    bytesText(one.rawBytes),
    `loaded in ${secondsText(one.loadSeconds)}`,
    one.gapSeconds === undefined ? '' : `gap ${one.gapSeconds.toFixed(2)} s`,
    one.keptAs === undefined ? '' : `replaced data kept as ${one.keptAs}`,
  ]);
  const told = table(rows, [2]);
  if (result.rtoSeconds === undefined) return told;
  const rto = `RTO ${secondsText(result.rtoSeconds)}, from the go to checks that answer`;
  return [...told, rto, ...wayBackLines(result.stores, run)];
}

/**
 * An undo puts all stores back from what is kept beside, or none. What a restore in place replaced is in the backup taken
 * first, which nobody has proven.
 */
function wayBackLines(stores: readonly RestoredStore[], run: string): string[] {
  const backups = stores.map(({ keptAs }) => /^backup (\S+)$/.exec(keptAs ?? '')?.[1]);
  const allBeside = stores.every(({ keptAs }, at) => keptAs !== undefined && backups[at] === undefined);
  if (allBeside) return [`Switch back with: steady restore undo ${run}`];
  return stores.flatMap(({ store, keptAs }, at) => {
    if (keptAs === undefined) return [`Nothing of the replaced data of ${store} is kept`];
    const id = backups[at];
    return id === undefined
      ? []
      : [`Switch ${store} back with: steady restore ${id} --in-place --unverified`];
  });
}
