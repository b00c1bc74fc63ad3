import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { isTimeId } from '../contracts/ids.js';
import { keys } from '../contracts/keys.js';
import type { BackupRef } from '../contracts/runs/claims.js';
import type { Selection } from '../contracts/runs/procedures.js';
import type { BackupLine, StoreStanding, TamperedLine } from '../contracts/runs/lines.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { demandedDepth } from '../contracts/stack/stack.js';
import type { Manifest } from '../contracts/stored/manifest.js';
import { setSchema } from '../contracts/stored/others.js';
import { describeBackups } from './catalog/describe-backups.js';
import { readDocument } from './catalog/documents.js';
import { listBackups, type ListedBackup } from './catalog/list-backups.js';
import { findManifest, readManifest } from './catalog/read-manifest.js';
import { selectBackup } from './catalog/select-backup.js';
import { findTampered } from './catalog/tampering.js';
import { findUnlocked } from './catalog/unlocked.js';
import { standingOf } from './catalog/standing.js';
import type { Ports } from './ports.js';
import { serverNow } from './server-clock.js';

export interface SelectedBackups {
  readonly backups: readonly BackupRef[];
  /** Why a store has none, in words. */
  readonly lacking: readonly string[];
  readonly notes: readonly string[];
}

/** Questions to storage, for workers of the role `proof`. Reading only. */
export function createLookActivities(ports: Ports) {
  return {
    async standings(input: { snapshot: StackSnapshot }): Promise<StoreStanding[]> {
      const { stack } = input.snapshot;
      const opening = ports.storage(input.snapshot);
      return await Promise.all(
        Object.keys(stack.stores).map(async (store): Promise<StoreStanding> => {
          try {
            const storage = await opening;
            const standing = await standingOf(storage, stack, store);
            const unlocked = await findUnlocked(storage, stack, store, serverNow());
            return { ...standing, ...(unlocked.length > 0 && { unlocked }) };
          } catch (error) {
            if (!(error instanceof SteadyError)) throw error;
            return { store, backups: 0, error: { code: error.code, message: error.message } };
          }
        }),
      );
    },

    /** Sealed objects over which somebody put something. */
    async tampering(input: { snapshot: StackSnapshot }): Promise<TamperedLine[]> {
      return await findTampered(await ports.storage(input.snapshot));
    },

    async listBackups(input: { snapshot: StackSnapshot; stores: readonly string[] }): Promise<BackupLine[]> {
      const storage = await ports.storage(input.snapshot);
      const lines: BackupLine[] = [];
      for (const store of input.stores) {
        lines.push(
          ...(await describeBackups(
            storage,
            await listBackups(storage, store),
            demandedDepth(input.snapshot.stack, store),
          )),
        );
      }
      return lines;
    },

    async showBackup(input: {
      snapshot: StackSnapshot;
      stores: readonly string[];
      id: string;
    }): Promise<Manifest> {
      const storage = await ports.storage(input.snapshot);
      for (const store of input.stores) {
        if ((await storage.head(keys.manifest(store, input.id))) !== undefined)
          return await readManifest(storage, { store, id: input.id });
      }
      throw new SteadyError('backup.unknown', { id: input.id, stores: input.stores.join(',') });
    },

    /**
     * Resolves what was asked for to ids, one a store; a set id means the backups of that set. A store without such a
     * backup fails all of it, unless the others go on without it (`goOn`): then it stands in `lacking`.
     */
    async selectBackups(input: {
      snapshot: StackSnapshot;
      selection: Selection;
      goOn?: boolean;
    }): Promise<SelectedBackups> {
      const { selection, snapshot } = input;
      const storage = await ports.storage(snapshot);
      const set = isTimeId(selection.text)
        ? await readDocument(storage, keys.set(selection.text), setSchema)
        : undefined;
      const backups: BackupRef[] = [];
      const notes: string[] = [];
      const lacking: string[] = [];
      const setsSeen = new Set<string>();
      // An id belongs to one store: with no store named, the one that has it is meant.
      const owner = set === undefined ? await ownerOf(storage, selection) : undefined;
      for (const store of owner === undefined ? selection.stores : [owner]) {
        const text = set === undefined ? selection.text : set.backups[store];
        if (text === undefined) {
          notes.push(`${store}: not in set ${selection.text}`);
          continue;
        }
        const demanded = demandedDepth(snapshot.stack, store);
        const choice = {
          ...{ store, text, demanded },
          unverified: selection.unverified,
          zone: snapshot.stack.timezone,
        };
        try {
          const selected = selectBackup(
            await heldAt(storage, await listBackups(storage, store), text),
            choice,
          );
          backups.push({ store, id: selected.backup.id });
          notes.push(...selected.notes, ...(await mixedNotes(storage, selected.backup, setsSeen)));
        } catch (error) {
          if (!(error instanceof SteadyError) || error.retryable || input.goOn !== true) throw error;
          lacking.push(error.message);
        }
      }
      if (backups.length === 0 && lacking.length === 0)
        throw new SteadyError('backup.unknown', { id: selection.text, stores: selection.stores.join(',') });
      return { backups, notes, lacking };
    },
  };
}
export type LookActivities = ReturnType<typeof createLookActivities>;

/** That backups of a set do not belong together, told once a set. */
async function mixedNotes(storage: StoragePort, backup: BackupRef, seen: Set<string>): Promise<string[]> {
  const { set: id } = await readManifest(storage, backup);
  if (id === undefined || seen.has(id)) return [];
  seen.add(id);
  const set = await readDocument(storage, keys.set(id), setSchema);
  return set?.mixed === undefined ? [] : [`set ${id} is mixed: ${set.mixed}`];
}

/**
 * For a date: without backups that began before it and hold data from after it. An id tells when its backup began; a
 * second attempt may have taken the data much later.
 */
async function heldAt(
  storage: StoragePort,
  backups: readonly ListedBackup[],
  text: string,
): Promise<readonly ListedBackup[]> {
  const moment = text === 'latest' || isTimeId(text) ? Number.NaN : Date.parse(text);
  if (Number.isNaN(moment)) return backups;
  const begun = backups.filter((one) => one.time.getTime() <= moment);
  for (let newest = begun.at(-1); newest !== undefined; newest = begun.at(-1)) {
    const manifest = await findManifest(storage, newest);
    if (manifest && Date.parse(manifest.takenAt) <= moment) break;
    begun.pop();
  }
  return begun;
}

async function ownerOf(storage: StoragePort, selection: Selection): Promise<string | undefined> {
  if (!isTimeId(selection.text)) return undefined;
  for (const store of selection.stores) {
    if ((await storage.head(keys.manifest(store, selection.text))) !== undefined) return store;
  }
  return undefined;
}
