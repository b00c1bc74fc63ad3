import type { StoragePort } from '../../adapters/storage/port.js';
import { keys, parseMarkKey } from '../../contracts/keys.js';
import type { Depth } from '../../contracts/names.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import type { BackupLine } from '../../contracts/runs/lines.js';
import { markSchema } from '../../contracts/stored/others.js';
import { readDocument } from './documents.js';
import { mapInParallel } from './in-parallel.js';
import { isVerified, type ListedBackup } from './list-backups.js';
import { manifestLock } from './object-locks.js';
import { findManifest } from './read-manifest.js';
import { findTampered } from './tampering.js';

/** Listed backups with what only their manifests tell; a request a backup, so for lists people ask for. */
export async function describeBackups(
  storage: StoragePort,
  backups: readonly ListedBackup[],
  demanded: Depth,
): Promise<BackupLine[]> {
  const tampered = await findTampered(storage, [...new Set(backups.map((one) => one.store))]);
  const lines = await mapInParallel(backups, 8, async (backup): Promise<BackupLine | undefined> => {
    const manifest = await findManifest(storage, backup);
    // Pruned since it was listed.
    if (manifest === undefined) return undefined;
    return {
      store: backup.store,
      id: backup.id,
      takenAt: manifest.takenAt,
      kind: manifest.kind,
      bytes: manifest.bytes,
      rawBytes: manifest.rawBytes,
      verified: isVerified(backup, demanded) ? backup.proven : undefined,
      proven: backup.proven,
      verifiedAt: backup.provenAt?.toISOString(),
      failedProof: backup.failedAt?.toISOString(),
      set: manifest.set,
      plan: manifest.plan,
      kept: await keptUntil(storage, backup),
      imported: manifest.imported?.file,
      shrunk: manifest.shrunk !== undefined,
      accepted: manifest.shrunk !== undefined && !backup.suspect,
      suspect: backup.suspect,
      suspected: await suspectedBy(storage, backup),
      ...(storage.lock && {
        lockedUntil: (await manifestLock(storage, backup))?.toISOString(),
        tampered: tampered.filter((one) => one.backup?.store === backup.store && one.backup.id === backup.id),
      }),
    };
  });
  return lines.filter((line) => line !== undefined);
}

async function suspectedBy(storage: StoragePort, backup: ListedBackup): Promise<BackupLine['suspected']> {
  if (backup.suspectMark === undefined) return undefined;
  const key = keys.mark(backup.store, backup.id, backup.suspectMark, 'suspect');
  const mark = await readDocument(storage, key, markSchema);
  return mark && { by: mark.by, reason: mark.reason };
}

/** Until when a keep mark holds: a time, `forever`, or undefined without one. */
export async function keptUntil(
  storage: StoragePort,
  backup: Pick<ListedBackup, 'store' | 'id' | 'keepMark'>,
): Promise<string | undefined> {
  if (backup.keepMark === undefined) return undefined;
  const key = keys.mark(backup.store, backup.id, backup.keepMark, 'keep');
  const mark = await readDocument(storage, key, markSchema);
  return mark === undefined ? undefined : (mark.until ?? 'forever');
}

/** Whether a keep mark holds now, by a listing of this backup's marks alone. */
export async function isKept(storage: StoragePort, backup: BackupRef, now: Date): Promise<boolean> {
  let keepMark: Date | undefined;
  for await (const { key } of storage.list(`${keys.markPrefix(backup.store)}${backup.id}/`)) {
    const mark = parseMarkKey(key);
    if (mark?.kind === 'keep' && (keepMark === undefined || mark.time > keepMark)) keepMark = mark.time;
  }
  const until = await keptUntil(storage, { ...backup, ...(keepMark && { keepMark }) });
  return until === 'forever' || (until !== undefined && Date.parse(until) > now.getTime());
}
