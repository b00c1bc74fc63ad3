import type { StoragePort } from '../../adapters/storage/port.js';
import { timeOfId } from '../../contracts/ids.js';
import {
  backupIdOfManifestKey,
  keys,
  parseMarkKey,
  parseProofKey,
  type MarkName,
  type ProofName,
} from '../../contracts/keys.js';
import { DEPTHS, type Depth } from '../../contracts/names.js';

/** A backup as three listings tell it: no request a backup. */
export interface ListedBackup {
  readonly store: string;
  readonly id: string;
  /** The moment in the id: workflow time when its backup began. */
  readonly time: Date;
  /** Deepest passed proof, unless a later one failed. `stored` is told but never makes it verified. */
  readonly proven?: Depth;
  readonly provenAt?: Date;
  /** When the newest proof failed. */
  readonly failedAt?: Date;
  /** Taken out of `latest` and of what retention counts: marked so, or sharply smaller and not accepted. */
  readonly suspect: boolean;
  /** When it was marked so. */
  readonly suspectMark?: Date;
  readonly keepMark?: Date;
}

/** A backup's proof is deep enough to rely on. `stored` never is. */
export function isVerified(backup: ListedBackup, demanded: Depth = 'readable'): boolean {
  if (backup.proven === undefined) return false;
  const wanted = demanded === 'stored' ? 'readable' : demanded;
  return DEPTHS.indexOf(backup.proven) >= DEPTHS.indexOf(wanted);
}

/** All backups of a store, oldest first. */
export async function listBackups(storage: StoragePort, store: string): Promise<ListedBackup[]> {
  const [proofs, marks] = await Promise.all([
    groupById(storage, keys.proofPrefix(store), parseProofKey),
    groupById(storage, keys.markPrefix(store), parseMarkKey),
  ]);
  const backups: ListedBackup[] = [];
  for await (const object of storage.list(keys.manifestPrefix(store))) {
    const id = backupIdOfManifestKey(object.key);
    const time = id === undefined ? undefined : timeOfId(id);
    if (id === undefined || time === undefined) continue;
    backups.push({ store, id, time, ...provenBy(proofs.get(id) ?? []), ...markedBy(marks.get(id) ?? []) });
  }
  return backups.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function groupById<T extends { backupId: string }>(
  storage: StoragePort,
  prefix: string,
  parse: (key: string) => T | undefined,
): Promise<Map<string, T[]>> {
  const groups = new Map<string, T[]>();
  for await (const object of storage.list(prefix)) {
    const name = parse(object.key);
    if (name === undefined) continue;
    const group = groups.get(name.backupId);
    if (group) group.push(name);
    else groups.set(name.backupId, [name]);
  }
  return groups;
}

function provenBy(proofs: readonly ProofName[]): Pick<ListedBackup, 'proven' | 'provenAt' | 'failedAt'> {
  const inOrder = [...proofs].sort((a, b) => a.time.getTime() - b.time.getTime() || (a.passed ? -1 : 1));
  let proven: { depth: Depth; at: Date } | undefined;
  let failedAt: Date | undefined;
  for (const proof of inOrder) {
    const depth = DEPTHS.find((one) => one === proof.depth);
    if (depth === undefined) continue;
    if (!proof.passed) {
      proven = undefined;
      failedAt = proof.time;
    } else {
      failedAt = undefined;
      if (proven === undefined || DEPTHS.indexOf(depth) >= DEPTHS.indexOf(proven.depth))
        proven = { depth, at: proof.time };
    }
  }
  return { ...(proven && { proven: proven.depth, provenAt: proven.at }), ...(failedAt && { failedAt }) };
}

function markedBy(marks: readonly MarkName[]): Pick<ListedBackup, 'suspect' | 'suspectMark' | 'keepMark'> {
  // In one second the bad news counts.
  const newest = (kinds: readonly string[]): MarkName | undefined =>
    marks
      .filter((mark) => kinds.includes(mark.kind))
      .sort((a, b) => b.time.getTime() - a.time.getTime() || (a.kind === 'suspect' ? -1 : 1))[0];
  const keep = newest(['keep']);
  const doubt = newest(['suspect', 'accepted']);
  return {
    suspect: doubt?.kind === 'suspect',
    ...(doubt?.kind === 'suspect' && { suspectMark: doubt.time }),
    ...(keep && { keepMark: keep.time }),
  };
}
