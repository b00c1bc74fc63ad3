import type { RunInput } from '../../contracts/runs/snapshot.js';
import {
  asTransfer,
  ATTEMPTS,
  attemptsWithin,
  quickly,
  UNDO_ATTEMPTS,
  UNDO_PATIENCE_SECONDS,
  UNDO_SECONDS,
} from './activities.js';

/** The activities of a run, by role and class of timeout. */
export function runActivities(input: RunInput, limitSeconds: number) {
  const { site, limits } = input.snapshot.stack;
  const common = { site, workerSeconds: limits.worker };
  const transfer = { ...common, runSeconds: limitSeconds };
  // A run that was begun by an earlier release has no such limit.
  const again = (limits.retry as number | undefined) === undefined ? ATTEMPTS : attemptsWithin(limits.retry);
  // Giving up on a compensation would leave a target half changed, with its lock let go of.
  const patient = {
    site,
    workerSeconds: Math.max(UNDO_PATIENCE_SECONDS, limits.worker),
    runSeconds: Math.max(UNDO_SECONDS, limitSeconds),
    attempts: UNDO_ATTEMPTS,
  };
  return {
    quick: quickly('quick', common),
    look: quickly('proof', common),
    undo: asTransfer('quick', patient),
    /** Transfers that a compensation needs. */
    redo: asTransfer('change', patient),
    backup: asTransfer('backup', transfer),
    /** Nobody waits for it: begun again for longer. */
    patientBackup: asTransfer('backup', { ...transfer, attempts: again }),
    /** Services stand still meanwhile. */
    urgentBackup: asTransfer('backup', { ...transfer, attempts: Math.min(ATTEMPTS, again) }),
    proof: asTransfer('proof', transfer),
    keeper: asTransfer('keeper', transfer),
    change: asTransfer('change', transfer),
  };
}
export type RunActivities = ReturnType<typeof runActivities>;
