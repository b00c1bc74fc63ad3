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
  const until =
    result.answered === false
      ? 'its end: the file names no health check and no check that could tell that all answers'
      : 'checks that answer';
  const rto = `RTO ${secondsText(result.rtoSeconds)}, from the go to ${until}`;
  return [...told, rto, ...wayBackLines(result.stores, run), ...(result.notStarted ?? [])];
}

/**
 * An undo puts back the stores of which something is kept beside. What a restore in place replaced is in the backup taken
 * first, which nobody has proven.
 */
function wayBackLines(stores: readonly RestoredStore[], run: string): string[] {
  const backupOf = ({ keptAs }: RestoredStore): string | undefined =>
    /^backup (\S+)$/.exec(keptAs ?? '')?.[1];
  const undone = stores.filter((one) => one.keptAs !== undefined && backupOf(one) === undefined);
  const which = undone.length === stores.length ? '' : `${undone.map(({ store }) => store).join(', ')} `;
  const others = stores.flatMap((one) => {
    const id = backupOf(one);
    if (one.keptAs === undefined)
      return [`${one.store} cannot be switched back: nothing that was there is kept`];
    return id === undefined
      ? []
      : [`Switch ${one.store} back with: steady restore ${id} --in-place --unverified`];
  });
  return undone.length === 0 ? others : [`Switch ${which}back with: steady restore undo ${run}`, ...others];
}
