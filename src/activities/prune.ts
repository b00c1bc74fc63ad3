import { Context } from '@temporalio/activity';
import { keys } from '../contracts/keys.js';
import { SteadyError } from '../contracts/failures.js';
import { decideRetention } from '../contracts/retention.js';
import type { BackupRef, ClaimHolder } from '../contracts/runs/claims.js';
import type { PruneLine } from '../contracts/runs/procedures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { demandedDepth } from '../contracts/stack/stack.js';
import { withCall } from './call.js';
import { assertMayDelete } from './claims.js';
import { deleteAll } from './catalog/delete-all.js';
import {
  backupLock,
  isLockDue,
  lockBackup,
  lockEnd,
  manifestLock,
  prefixesOf,
} from './catalog/object-locks.js';
import { isKept, keptUntil } from './catalog/describe-backups.js';
import { mapInParallel } from './catalog/in-parallel.js';
import { isVerified, listBackups } from './catalog/list-backups.js';
import { findManifest } from './catalog/read-manifest.js';
import type { Ports } from './ports.js';

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
      const { stack } = input.snapshot;
      const storage = await ports.storage(input.snapshot);
      const lines: PruneLine[] = [];
      for (const store of input.stores) {
        const policies = Object.values(stack.plans)
          .filter((plan) => plan.stores.includes(store))
          .map((plan) => plan.keep);
        const listed = await listBackups(storage, store);
        const read = await mapInParallel(listed, 8, async (one) => {
          const manifest = await findManifest(storage, one);
          // Another prune has deleted it since it was listed.
          if (manifest === undefined) return undefined;
          const until = await keptUntil(storage, one);
          return {
            id: one.id,
            bytes: manifest.bytes,
            takenAt: new Date(manifest.takenAt),
            verified: isVerified(one, demandedDepth(stack, store)),
            // A shrunk one carries a suspect mark until it is accepted.
            shrunkUnaccepted: false,
            suspect: one.suspect,
            ...(until !== undefined && {
              keepUntil: until === 'forever' ? ('forever' as const) : new Date(until),
            }),
          };
        });
        const backups = read.filter((one) => one !== undefined);
        for (const backup of backups)
          lines.push({ store, id: backup.id, keep: false, why: '', deleted: false, bytes: backup.bytes });
        const keepAll = (reason: string) => backups.map(({ id }) => ({ id, keep: true, reasons: [reason] }));
        const verdicts = policies.map((policy) =>
          policy === undefined
            ? keepAll('a plan without a retention policy')
            : decideRetention({ backups, policy, zone: stack.timezone, now: new Date(input.now) }),
        );
        if (verdicts.length === 0) verdicts.push(keepAll('no plan names this store'));
        for (const [at, line] of lines.entries()) {
          if (line.store !== store) continue;
          const own = verdicts
            .map((verdict) => verdict.find((one) => one.id === line.id))
            .filter((one) => one !== undefined);
          const keepers = own.filter((one) => one.keep);
          const reasons = (keepers.length > 0 ? keepers : own).flatMap((one) => one.reasons);
          lines[at] = { ...line, keep: keepers.length > 0, why: [...new Set(reasons)].join('; ') };
        }
        for (const [at, line] of lines.entries()) {
          if (line.store !== store || line.keep) continue;
          const end = await manifestLock(storage, line);
          if (end && end.getTime() > Date.parse(input.now))
            lines[at] = { ...line, lockedUntil: end.toISOString() };
        }
      }
      return lines;
    },

    /**
     * Renews the locks of what is kept, where they end soon: kept longer is locked longer. A lock is only ever
     * lengthened, so running again finishes it. Gives those that were renewed.
     */
    async renewLocks(input: {
      snapshot: StackSnapshot;
      backups: readonly BackupRef[];
      now: string;
    }): Promise<BackupRef[]> {
      return await withCall({ title: 'Renew locks' }, async (call) => {
        const { lock } = input.snapshot.stack.storage;
        const now = new Date(input.now);
        const end = lockEnd(lock, now);
        if (lock === undefined || end === undefined) return [];
        const storage = await ports.storage(input.snapshot);
        const renewed: BackupRef[] = [];
        for (const { store, id } of input.backups) {
          if (call.signal.aborted) throw new SteadyError('cancelled');
          if (!isLockDue(lock, await manifestLock(storage, { store, id }), now)) continue;
          // Another prune may have deleted it since it was listed.
          if ((await findManifest(storage, { store, id })) === undefined) continue;
          await lockBackup(storage, { store, id }, end);
          renewed.push({ store, id });
        }
        return renewed;
      });
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
          const locked = await backupLock(storage, { store, id }, new Date());
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
