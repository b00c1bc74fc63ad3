import type { TargetChange } from '../../contracts/runs/locks.js';
import type { StoreBackupResult } from '../../contracts/runs/procedures.js';

/**
 * Whether a restore or an undo lay between two backups of a set: one store as it was before, another as it was after.
 * In words, or undefined. Times are the workflows' own, all of one clock.
 */
export function mixedBy(
  results: readonly StoreBackupResult[],
  changes: Readonly<Record<string, TargetChange>>,
): string | undefined {
  for (const { store, held } of results) {
    const change = changes[store];
    if (held === undefined || change === undefined || change.at < held.to) continue;
    const later = results.filter((other) => other.held !== undefined && other.held.from > change.at);
    if (later.length > 0)
      return `${store} was changed by ${change.by} after its backup and before that of ${later.map((one) => one.store).join(', ')}: they are of two states`;
  }
  return undefined;
}
