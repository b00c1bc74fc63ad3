import { Context } from '@temporalio/activity';
import { keys } from '../contracts/keys.js';
import { SteadyError } from '../contracts/failures.js';
import type { BackupRef, ClaimHolder } from '../contracts/runs/claims.js';
import type { PruneLine } from '../contracts/runs/procedures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { withCall } from './call.js';
import { assertMayDelete } from './claims.js';
import { deleteAll } from './catalog/delete-all.js';
import { isKept } from './catalog/describe-backups.js';
import { judgeBackups } from './catalog/judge-backups.js';
import { backupLock, manifestLock, prefixesOf } from './catalog/object-locks.js';
import type { Ports } from './ports.js';
import { serverNow } from './server-clock.js';

/** Not deleted: kept by a mark, or locked. */
export interface LeftBackup extends BackupRef {
  readonly lockedUntil?: string;
}

/** Deciding (role `proof`) and deleting (role `keeper`) are apart: who may delete decides nothing. */
export function createPruneActivities(ports: Ports) {
  return {
    /**
     * What retention says of every backup of the stores. A listing or manifest that cannot be read fails all of it:
     * what cannot be listed is not deleted. A store that no plan names keeps everything.
     */
    async planPrune(input: {
      snapshot: StackSnapshot;
      stores: readonly string[];
      now: string;
    }): Promise<PruneLine[]> {
      const storage = await ports.storage(input.snapshot);
      const now = new Date(input.now);
      const lines: PruneLine[] = [];
      for (const store of input.stores) {
        for (const one of await judgeBackups(storage, input.snapshot.stack, store, now)) {
          const end = one.keep ? undefined : await manifestLock(storage, one);
          const locked = end !== undefined && end > now ? { lockedUntil: end.toISOString() } : {};
          lines.push({ ...one, deleted: false, ...locked });
        }
      }
      return lines;
    },

    /**
     * Deletes backups that were granted: the manifest first, so that a half-deleted backup is never listed, then its
     * data, proofs and marks. Deleting what is gone already is fine, so running again finishes it. The permit is looked
     * at before each: an attempt that was given up and lives on must not delete what a restore has claimed since. So are
     * its marks: a person may have kept it since retention decided; and its locks, before anything of it goes. Gives
     * those that were left.
     */
    async deleteBackups(input: {
      snapshot: StackSnapshot;
      backups: readonly BackupRef[];
      holder: ClaimHolder;
      now: string;
    }): Promise<LeftBackup[]> {
      return await withCall({ title: 'Delete backups' }, async (call) => {
        const storage = await ports.storage(input.snapshot);
        const left: LeftBackup[] = [];
        for (const { store, id } of input.backups) {
          if (call.signal.aborted) throw new SteadyError('cancelled');
          await assertMayDelete(input.snapshot.stack.stack, { store, id }, input.holder);
          if (await isKept(storage, { store, id }, new Date(input.now))) {
            left.push({ store, id });
            continue;
          }
          const locked = await backupLock(storage, { store, id }, serverNow());
          if (locked) {
            left.push({ store, id, lockedUntil: locked.toISOString() });
            continue;
          }
          await storage.delete(keys.manifest(store, id));
          for (const prefix of prefixesOf({ store, id })) await deleteAll(storage, prefix);
          Context.current().log.info('backup deleted', { store, backupId: id });
        }
        return left;
      });
    },
  };
}
export type PruneActivities = ReturnType<typeof createPruneActivities>;
