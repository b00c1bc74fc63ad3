import type { ObjectLockEnd, StoragePort } from '../../adapters/storage/port.js';
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
 * Locks all of a sealed backup until then at least. Its manifest last, as when it is sealed: lists tell the manifest's
 * lock, which so never ends after that of the data. A lock is only ever lengthened, so running again finishes it.
 */
export async function lockBackup(storage: StoragePort, backup: BackupRef, until: Date): Promise<void> {
  for (const prefix of prefixesOf(backup)) await lockUnder(storage, prefix, until);
  await storage.lock?.lock(keys.manifest(backup.store, backup.id), until);
}

/** What a renewal goes by. */
export interface RenewalTerms {
  readonly lock: LockConfig;
  readonly now: Date;
  /** Until when what is due is locked. */
  readonly end: Date;
}

/**
 * Locks all of a backup until then, where any of its objects is due. Each is asked for its own lock: what an attempt
 * that was killed, or somebody, has locked longer says nothing of the others, and so whatever was left half done is
 * finished by the next attempt, or the next night. Says whether there was anything to renew.
 */
export async function renewBackup(
  storage: StoragePort,
  backup: BackupRef,
  terms: RenewalTerms,
): Promise<boolean> {
  const { lock } = storage;
  const manifest = keys.manifest(backup.store, backup.id);
  const sealed = (await lock?.ends(manifest))?.filter(({ key }) => key === manifest) ?? [];
  // Another prune has deleted it since it was listed.
  if (lock === undefined || sealed.length === 0) return false;
  const others: ObjectLockEnd[] = [];
  for (const prefix of prefixesOf(backup)) others.push(...(await lock.ends(prefix)));
  if (![...sealed, ...others].some(({ end }) => isLockDue(terms.lock, end, terms.now))) return false;
  await lockBackup(storage, backup, terms.end);
  return true;
}

/** Renews each document under a prefix that is due; gives how many. */
export async function renewDocuments(
  storage: StoragePort,
  prefix: string,
  terms: RenewalTerms,
): Promise<number> {
  const { lock } = storage;
  if (lock === undefined) return 0;
  const due = (await lock.ends(prefix)).filter(({ end }) => isLockDue(terms.lock, end, terms.now));
  await mapInParallel(due, 8, ({ key }) => lock.lock(key, terms.end));
  return due.length;
}

/** Locks every object under a prefix. */
export async function lockUnder(storage: StoragePort, prefix: string, until: Date): Promise<void> {
  const { lock } = storage;
  if (lock === undefined) return;
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  await mapInParallel(found, 8, (key) => lock.lock(key, until));
}

/** When the lock of a backup ends, by its manifest: whatever was put over that says nothing. */
export async function manifestLock(storage: StoragePort, backup: BackupRef): Promise<Date | undefined> {
  const manifest = keys.manifest(backup.store, backup.id);
  return (await storage.lock?.ends(manifest))?.find(({ key }) => key === manifest)?.end;
}

/** When the longest lock of anything of a backup ends, while that is to come: so long it cannot be deleted. */
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
