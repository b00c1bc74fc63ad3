import type { StoragePort } from '../../adapters/storage/port.js';
import { keys } from '../../contracts/keys.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import type { LockConfig } from '../../contracts/stack/storage.js';
import { mapInParallel } from './in-parallel.js';

/** A lock is renewed when less than this share of its time is left: seldom, and well before it ends. */
const RENEWED_BELOW = 0.25;

/** When a lock that begins now ends; undefined where nothing is locked. */
export function lockEnd(lock: LockConfig | undefined, now: Date): Date | undefined {
  return lock && new Date(now.getTime() + lock.for * 1000);
}

/** Whether a lock that ends then should be renewed now. */
export function isLockDue(lock: LockConfig, end: Date | undefined, now: Date): boolean {
  return end === undefined || end.getTime() - now.getTime() < lock.for * 1000 * RENEWED_BELOW;
}

/** What belongs to a backup besides its manifest. */
export function prefixesOf({ store, id }: BackupRef): string[] {
  return [keys.dataPrefix(store, id), `${keys.proofPrefix(store)}${id}/`, `${keys.markPrefix(store)}${id}/`];
}

/**
 * Locks all of a sealed backup until then at least. Its manifest first: what tells how long the backup is locked is
 * never the first to be free. A lock is only ever lengthened, so running again finishes it.
 */
export async function lockBackup(storage: StoragePort, backup: BackupRef, until: Date): Promise<void> {
  await storage.lock?.lock(keys.manifest(backup.store, backup.id), until);
  for (const prefix of prefixesOf(backup)) await lockUnder(storage, prefix, until);
}

/** Locks every object under a prefix. */
export async function lockUnder(storage: StoragePort, prefix: string, until: Date): Promise<void> {
  const { lock } = storage;
  if (lock === undefined) return;
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  await mapInParallel(found, 8, (key) => lock.lock(key, until));
}

/** When the lock of a backup ends, by its manifest. */
export async function manifestLock(storage: StoragePort, backup: BackupRef): Promise<Date | undefined> {
  return await storage.lock?.until(keys.manifest(backup.store, backup.id));
}

/** When the longest lock of anything of a backup ends, while that is to come. */
export async function backupLock(
  storage: StoragePort,
  backup: BackupRef,
  now: Date,
): Promise<Date | undefined> {
  const { lock } = storage;
  if (lock === undefined) return undefined;
  const found = [keys.manifest(backup.store, backup.id)];
  for (const prefix of prefixesOf(backup)) for await (const { key } of storage.list(prefix)) found.push(key);
  const ends = await mapInParallel(found, 8, async (key) => (await lock.until(key))?.getTime() ?? 0);
  const last = Math.max(...ends);
  return last > now.getTime() ? new Date(last) : undefined;
}
