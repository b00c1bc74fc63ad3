import { SteadyError } from '../contracts/failures.js';
import { keys } from '../contracts/keys.js';
import type { BackupRef } from '../contracts/runs/claims.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { withCall } from './call.js';
import { judgeBackups } from './catalog/judge-backups.js';
import { listBackups } from './catalog/list-backups.js';
import { lockEnd, renewBackup, renewDocuments } from './catalog/object-locks.js';
import type { Ports } from './ports.js';

export interface Renewed {
  readonly backups: readonly BackupRef[];
  /** Sets, records and stack files, how many. */
  readonly documents: number;
}

/** Role `proof`: it decides what is kept, and may lengthen a lock, which is all that can be done to one. */
export function createRenewalActivities(ports: Ports) {
  return {
    /**
     * Renews the locks of what retention keeps, and of all sets, records and stack files, where they end soon: kept
     * longer is locked longer. A lock is only ever lengthened, so running again finishes it. Whatever fails, the others
     * are renewed first and the failure is told then; where retention cannot decide, all of a store counts as kept.
     */
    async renewLocks(input: {
      snapshot: StackSnapshot;
      stores: readonly string[];
      now: string;
    }): Promise<Renewed> {
      return await withCall({ title: 'Renew locks' }, async (call) => {
        const { stack } = input.snapshot;
        const { lock } = stack.storage;
        const now = new Date(input.now);
        const end = lockEnd(lock, now);
        if (lock === undefined || end === undefined) return { backups: [], documents: 0 };
        const terms = { lock, now, end };
        const storage = await ports.storage(input.snapshot);
        const failures: unknown[] = [];
        const orTold = async <T>(attempt: Promise<T>, otherwise: T): Promise<T> => {
          try {
            return await attempt;
          } catch (error) {
            failures.push(error);
            return otherwise;
          }
        };
        const backups: BackupRef[] = [];
        for (const store of input.stores) {
          const judged = await orTold(judgeBackups(storage, stack, store, now), undefined);
          const kept = judged?.filter((one) => one.keep) ?? (await orTold(listBackups(storage, store), []));
          for (const { id } of kept) {
            if (call.signal.aborted) throw new SteadyError('cancelled');
            if (await orTold(renewBackup(storage, { store, id }, terms), false)) backups.push({ store, id });
          }
        }
        let documents = 0;
        for (const prefix of DOCUMENTS) documents += await orTold(renewDocuments(storage, prefix, terms), 0);
        if (failures.length > 0) throw failures[0];
        return { backups, documents };
      });
    },
  };
}
export type RenewalActivities = ReturnType<typeof createRenewalActivities>;

/** Never deleted. `stack.json` is renewed where it is opened. */
const DOCUMENTS = [keys.setPrefix(), keys.recordPrefix(), keys.configPrefix()];
