import type { Altered, StoragePort } from '../../adapters/storage/port.js';
import { backupIdOfManifestKey, keys } from '../../contracts/keys.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import type { TamperedLine } from '../../contracts/runs/lines.js';
import { prefixesOf } from './object-locks.js';

/**
 * Sealed objects over which somebody put a newer version or a delete marker. steadyhand writes each key once and
 * removes versions for good, so it was not steadyhand; all of them are read as they were. Only storage that locks tells.
 *
 * @param stores left out: all of the stack's storage, its records and sets too
 * @param signal ends the listing, with the signal's reason
 */
export async function findTampered(
  storage: StoragePort,
  stores?: readonly string[],
  signal?: AbortSignal,
): Promise<TamperedLine[]> {
  if (storage.lock === undefined) return [];
  const prefixes = stores?.flatMap((store) => [
    `data/${store}/`,
    keys.manifestPrefix(store),
    keys.markPrefix(store),
    keys.proofPrefix(store),
  ]) ?? [''];
  const sealed = new Set<string>();
  const found: TamperedLine[] = [];
  for (const prefix of prefixes) {
    for await (const { key, altered } of storage.list(prefix)) {
      signal?.throwIfAborted();
      const backup = backupOf(key);
      if (backup && backupIdOfManifestKey(key) !== undefined) sealed.add(nameOf(backup));
      if (altered) found.push(lineOf(key, altered, backup));
    }
  }
  // What a failed attempt left is nobody's backup, and a check's probe is nothing at all.
  return found.filter(
    ({ key, backup }) => !key.startsWith('probes/') && (backup === undefined || sealed.has(nameOf(backup))),
  );
}

/** The same for one backup. */
export async function findTamperedOf(storage: StoragePort, backup: BackupRef): Promise<TamperedLine[]> {
  if (storage.lock === undefined) return [];
  const found: TamperedLine[] = [];
  for (const prefix of [keys.manifest(backup.store, backup.id), ...prefixesOf(backup)]) {
    for await (const { key, altered } of storage.list(prefix))
      if (altered) found.push(lineOf(key, altered, backup));
  }
  return found;
}

const nameOf = ({ store, id }: BackupRef): string => `${store}/${id}`;

/** The backup a key belongs to; undefined for what is of the whole stack. */
function backupOf(key: string): BackupRef | undefined {
  const [kind, store, rest] = key.split('/');
  if (store === undefined || rest === undefined) return undefined;
  if (kind === 'manifests') return { store, id: backupIdOfManifestKey(key) ?? '' };
  return kind === 'data' || kind === 'proofs' || kind === 'marks' ? { store, id: rest } : undefined;
}

function lineOf(key: string, altered: Altered, backup: BackupRef | undefined): TamperedLine {
  const { versions, deleteMarkers, at } = altered;
  const newer = versions === 1 ? 'a newer version' : `${versions} newer versions`;
  const markers = deleteMarkers === 1 ? 'a delete marker' : `${deleteMarkers} delete markers`;
  const what = [...(versions > 0 ? [newer] : []), ...(deleteMarkers > 0 ? [markers] : [])].join(' and ');
  return { key, what, at: at.toISOString(), ...(backup && { backup }) };
}
