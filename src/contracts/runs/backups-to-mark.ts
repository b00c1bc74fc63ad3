import type { BackupRef } from './claims.js';
import type { MarkAfterInput } from './procedures.js';
import type { BackupLine } from './lines.js';

/**
 * Which backups a mark from a moment on is for: those whose data were taken at or after it, and that are not marked so
 * already. What is accepted must have been suspect.
 */
export function backupsToMark(
  backups: readonly BackupLine[],
  { after, kind }: Pick<MarkAfterInput, 'after' | 'kind'>,
): BackupRef[] {
  const moment = Date.parse(after);
  return backups
    .filter(({ takenAt, suspect }) => Date.parse(takenAt) >= moment && suspect === (kind === 'accepted'))
    .map(({ store, id }) => ({ store, id }));
}
