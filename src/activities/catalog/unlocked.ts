import type { StoragePort } from '../../adapters/storage/port.js';
import { backupIdOfManifestKey, keys } from '../../contracts/keys.js';
import type { UnlockedLine } from '../../contracts/runs/lines.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { keptUntil } from './describe-backups.js';
import { judgeBackups } from './judge-backups.js';
import { listBackups } from './list-backups.js';

/**
 * Backups of a store that retention keeps, and whose lock has ended, or ends before the date that they are to be kept to.
 * By their manifests, whose locks never end after those of their data: a listing, and a request a backup. Retention is
 * asked only where a lock has ended, for then the backup may just wait to be pruned.
 */
export async function findUnlocked(
  storage: StoragePort,
  stack: Stack,
  store: string,
  now: Date,
): Promise<UnlockedLine[]> {
  const { lock } = storage;
  if (lock === undefined || stack.storage.lock === undefined) return [];
  const ends = new Map(
    (await lock.ends(keys.manifestPrefix(store))).map(({ key, end }) => [backupIdOfManifestKey(key), end]),
  );
  const found: UnlockedLine[] = [];
  for (const one of await listBackups(storage, store)) {
    // Listed since.
    if (!ends.has(one.id)) continue;
    const end = ends.get(one.id);
    const until = one.keepMark && (await keptUntil(storage, one));
    // S3 keeps the end of a lock to the second.
    const asked = until === undefined || until === 'forever' ? undefined : until;
    const lockedUntil = end && { lockedUntil: end.toISOString() };
    const from = Math.max(now.getTime(), end?.getTime() ?? 0);
    if (asked !== undefined && Date.parse(asked) - from >= 1000)
      found.push({ store, id: one.id, ...lockedUntil, kept: asked });
    else if (end === undefined || end <= now) found.push({ store, id: one.id, ...lockedUntil });
  }
  if (found.length === 0) return [];
  const kept = await keptIds(storage, stack, store, now);
  return found.filter(({ id }) => kept?.has(id) ?? true);
}

/** Undefined where retention cannot decide: then all count as kept. */
async function keptIds(
  storage: StoragePort,
  stack: Stack,
  store: string,
  now: Date,
): Promise<Set<string> | undefined> {
  try {
    const judged = await judgeBackups(storage, stack, store, now);
    return new Set(judged.filter((one) => one.keep).map((one) => one.id));
  } catch {
    return undefined;
  }
}
