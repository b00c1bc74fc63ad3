import type { StoragePort } from '../../adapters/storage/port.js';
import type { Standing } from '../../contracts/runs/lines.js';
import type { Finding } from '../../contracts/runs/watch.js';
import { promisedRpo, type Stack } from '../../contracts/stack/stack.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { unlockedWords } from '../../contracts/runs/unlocked-words.js';
import { standingOf } from '../catalog/standing.js';
import { findUnlocked } from '../catalog/unlocked.js';

/** Stores with backups that are kept and not locked, where storage locks. */
export async function brokenLocks(storage: StoragePort, stack: Stack, now: Date): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const store of Object.keys(stack.stores)) {
    const unlocked = await findUnlocked(storage, stack, store, now);
    if (unlocked.length === 0) continue;
    findings.push({
      key: `lock.${store}`,
      event: 'rpo',
      title: `${store} has backups that are kept and not locked as asked`,
      lines: unlocked.map((one) => unlockedWords(one)),
      next: ['steady status', `steady backup prune ${store}`],
    });
  }
  return findings;
}

/** Stores whose newest verified backup is older than any plan of theirs allows, by what lies in storage. */
export async function brokenPromises(
  storage: StoragePort,
  stack: Stack,
  at: {
    readonly now: number;
    /** When each store was first watched. */ readonly since: Readonly<Record<string, string>>;
  },
): Promise<Finding[]> {
  const findings = await Promise.all(
    Object.keys(stack.stores).map(async (store) => {
      const rpo = promisedRpo(stack, store);
      if (rpo === undefined) return [];
      const standing = await standingOf(storage, stack, store);
      // One that never had a backup has promised nothing before it was watched.
      const from = standing.newestVerified?.at ?? at.since[store];
      const age = from === undefined ? 0 : (at.now - Date.parse(from)) / 1000;
      return age > rpo ? [missed(standing, { age, rpo })] : [];
    }),
  );
  return findings.flat();
}

function missed(
  { store, newest, newestVerified }: Standing,
  { age, rpo }: { readonly age: number; readonly rpo: number },
): Finding {
  const verified =
    newestVerified === undefined
      ? `no verified backup at all, after ${formatDuration(age)}`
      : `newest verified backup: ${newestVerified.id}, ${formatDuration(age)} old`;
  const later = newest !== undefined && newest.id !== newestVerified?.id;
  const state = newest?.failedProof
    ? 'its proof failed'
    : newest?.suspect
      ? 'suspect'
      : 'not proven deep enough';
  return {
    key: `rpo.${store}`,
    event: 'rpo',
    title: `${store} has no verified backup within its RPO of ${formatDuration(rpo)}`,
    lines: [verified, ...(later ? [`newest of all: ${newest.id}, ${state}`] : [])],
    next: ['steady status', `steady backup run ${store}`],
  };
}
