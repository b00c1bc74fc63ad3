import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { keys } from '../contracts/keys.js';
import type { ApplyRequest, BackupRef } from '../contracts/runs/claims.js';
import type { MarkInput } from '../contracts/runs/procedures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { manifestSchema, type Manifest } from '../contracts/stored/manifest.js';
import type { BackupSet, Mark, StackDocument } from '../contracts/stored/others.js';
import {
  createDocument,
  createOnce,
  createTimedDocument,
  parseDocument,
  readDocument,
  sha256Hex,
} from './catalog/documents.js';
import { mapInParallel } from './catalog/in-parallel.js';
import { listBackups } from './catalog/list-backups.js';
import { isLockDue, lockBackup, lockEnd, lockUnder, manifestLock } from './catalog/object-locks.js';
import type { Dumped } from './backup.js';
import { openStorage } from './opened-storage.js';
import type { Ports } from './ports.js';
import { serverNow } from './server-clock.js';

/** A dump below this share of the last one is flagged: something was probably lost before the backup. */
const SHRUNK_BELOW = 0.5;
/** Smaller ones halve by everyday work. Raw bytes. */
const SHRUNK_MATTERS_ABOVE = 64 * 1024;

export interface Sealed extends BackupRef {
  readonly shrunk?: { readonly from: number; readonly to: number; readonly previous: string };
}

/** Short writes that make things true: seal, marks, sets. Role `proof`: it may read what it compares with. */
export function createSealActivities(ports: Ports, unopened: Ports) {
  return {
    /**
     * Makes or finds `stack.json`; create-only, so running again finds what is there. Where storage locks, its lock is
     * renewed before it ends.
     */
    async openStack(snapshot: StackSnapshot): Promise<StackDocument> {
      const { storage, document } = await openStorage(unopened, snapshot);
      const { lock } = snapshot.stack.storage;
      const now = serverNow();
      const end = lockEnd(lock, now);
      if (lock && end && storage.lock && isLockDue(lock, await storage.lock.until(keys.stack()), now))
        await storage.lock.lock(keys.stack(), end);
      return document;
    },

    /**
     * Writes the manifest of the one attempt whose result is in the history. Create-only: running again finds the
     * same content; a given-up attempt that still lives cannot publish. Where storage locks, all objects of the attempt
     * are locked before it is published, so that a backup is never listed and unlocked.
     */
    async seal(input: {
      snapshot: StackSnapshot;
      store: string;
      dumped: Dumped;
      now: string;
    }): Promise<Sealed> {
      const { store, dumped } = input;
      const storage = await ports.storage(input.snapshot);
      const draft = await storage.read(dumped.draftKey);
      if (draft === undefined) throw new SteadyError('storage.missing', { key: dumped.draftKey });
      if (sha256Hex(draft) !== dumped.draftSha256)
        throw new SteadyError('stream.corrupt', { key: dumped.draftKey });
      const manifest = parseDocument(draft, dumped.draftKey, manifestSchema);
      const sealed = await readDocument(storage, keys.manifest(store, manifest.id), manifestSchema);
      // An earlier attempt sealed it: compared again now, the last backup may be another one.
      if (sealed) return { store, id: sealed.id, ...(sealed.shrunk && { shrunk: sealed.shrunk }) };
      await confirmObjects(storage, manifest);
      const until = lockEnd(input.snapshot.stack.storage.lock, new Date(input.now));
      if (until) await lockUnder(storage, keys.dataPrefix(store, manifest.id), until);
      const shrunk = await comparedWithLast(storage, manifest);
      if (shrunk) {
        // Marked before it is listed, so that it never counts for a moment.
        const reason = `sharply smaller: ${shrunk.to} bytes after ${shrunk.from} (${shrunk.previous})`;
        const mark = {
          store,
          backupId: manifest.id,
          kind: 'suspect',
          at: input.now,
          by: 'steady',
          reason,
        } as const;
        await writeMark(storage, mark, until);
      }
      const sealing = { ...manifest, ...(shrunk && { shrunk }) };
      await createDocument(storage, keys.manifest(store, manifest.id), sealing, until);
      return { store, id: manifest.id, ...(shrunk && { shrunk }) };
    },

    /** Writes which backups belong together; create-only. */
    async writeSet(input: { snapshot: StackSnapshot; set: BackupSet }): Promise<void> {
      const { set } = input;
      const until = lockEnd(input.snapshot.stack.storage.lock, new Date(set.at));
      await createDocument(await ports.storage(input.snapshot), keys.set(set.id), set, until);
    },

    /** Keeps the text of an applied stack file under its digest: same key, same content, safe to repeat. */
    async keepConfig(input: ApplyRequest): Promise<void> {
      const text = Buffer.from(input.text);
      // The file may begin with a byte order mark, which the text has lost: then it is kept without.
      const until = lockEnd(input.snapshot.stack.storage.lock, serverNow());
      await createOnce(await ports.storage(input.snapshot), keys.config(input.sha256), text, until);
    },

    /**
     * Adds a mark; the newest of its kind counts. Fails with `backup.unknown` when there is no such backup. Where storage
     * locks, what is to be kept is locked until then; for ever is from one renewal to the next.
     */
    async mark(input: {
      snapshot: StackSnapshot;
      mark: Omit<MarkInput, 'snapshot' | 'by' | 'version'>;
      by: string;
      now: string;
    }): Promise<void> {
      const storage = await ports.storage(input.snapshot);
      const { store, id, kind, until, reason } = input.mark;
      if ((await storage.head(keys.manifest(store, id))) === undefined)
        throw new SteadyError('backup.unknown', { store, id });
      const mark = { store, backupId: id, kind, at: input.now, by: input.by, reason };
      const end =
        until === undefined
          ? lockEnd(input.snapshot.stack.storage.lock, new Date(input.now))
          : new Date(until);
      if (kind === 'keep' && end) await lockBackup(storage, { store, id }, end);
      const locked = await manifestLock(storage, { store, id });
      await writeMark(storage, { ...mark, ...(until !== undefined && { until }) }, locked);
    },
  };
}
export type SealActivities = ReturnType<typeof createSealActivities>;

async function writeMark(
  storage: StoragePort,
  mark: Omit<Mark, 'version'>,
  lockUntil: Date | undefined,
): Promise<void> {
  await createTimedDocument(storage, {
    at: mark.at,
    key: (time) => keys.mark(mark.store, mark.backupId, time, mark.kind),
    value: (at) => ({ version: 1, ...mark, at }),
    lockUntil,
  });
}

/** Storage's own sizes (and checksums, where it keeps them) must equal the draft's before anything is sealed. */
async function confirmObjects(storage: StoragePort, manifest: Manifest): Promise<void> {
  const pieces = manifest.streams.flatMap((stream) => stream.pieces);
  await mapInParallel(pieces, 8, async (piece) => {
    const there = await storage.head(piece.key);
    if (there === undefined) throw new SteadyError('storage.missing', { key: piece.key });
    if (there.bytes !== piece.bytes) {
      throw new SteadyError('storage.mismatch', {
        key: piece.key,
        expected: piece.bytes,
        found: there.bytes,
      });
    }
    if (there.sha256 !== undefined && there.sha256 !== piece.sha256) {
      throw new SteadyError('storage.mismatch', {
        key: piece.key,
        expected: piece.sha256,
        found: there.sha256,
      });
    }
  });
}

async function comparedWithLast(storage: StoragePort, manifest: Manifest): Promise<Sealed['shrunk']> {
  // An old dump was smaller because it is old.
  if (manifest.imported) return undefined;
  const backups = await listBackups(storage, manifest.store);
  const last = backups.filter((one) => !one.suspect && one.id !== manifest.id).at(-1);
  if (last === undefined) return undefined;
  const previous = await readDocument(storage, keys.manifest(manifest.store, last.id), manifestSchema);
  if (previous === undefined || previous.kind !== manifest.kind || previous.rawBytes < SHRUNK_MATTERS_ABOVE)
    return undefined;
  if (manifest.rawBytes >= previous.rawBytes * SHRUNK_BELOW) return undefined;
  return { from: previous.rawBytes, to: manifest.rawBytes, previous: previous.id };
}
