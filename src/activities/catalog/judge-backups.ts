import type { StoragePort } from '../../adapters/storage/port.js';
import { decideRetention, type RetentionDecision } from '../../contracts/retention.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import { demandedDepth, type Stack } from '../../contracts/stack/stack.js';
import { keptUntil } from './describe-backups.js';
import { mapInParallel } from './in-parallel.js';
import { isVerified, listBackups } from './list-backups.js';
import { findManifest } from './read-manifest.js';

/** A backup with what all plans of its store say of it together. */
export interface JudgedBackup extends BackupRef {
  readonly bytes: number;
  readonly keep: boolean;
  /** Why, in words. */
  readonly why: string;
}

/**
 * What retention says of every backup of a store, oldest first. A listing or manifest that cannot be read fails all of
 * it. A store that no plan names keeps everything.
 */
export async function judgeBackups(
  storage: StoragePort,
  stack: Stack,
  store: string,
  now: Date,
): Promise<JudgedBackup[]> {
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
  const keepAll = (reason: string): RetentionDecision[] =>
    backups.map(({ id }) => ({ id, keep: true, reasons: [reason] }));
  const verdicts = policies.map((policy) =>
    policy === undefined
      ? keepAll('a plan without a retention policy')
      : decideRetention({ backups, policy, zone: stack.timezone, now }),
  );
  if (verdicts.length === 0) verdicts.push(keepAll('no plan names this store'));
  return backups.map(({ id, bytes }) => {
    const own = verdicts.flatMap((verdict) => verdict.find((one) => one.id === id) ?? []);
    const keepers = own.filter((one) => one.keep);
    const reasons = (keepers.length > 0 ? keepers : own).flatMap((one) => one.reasons);
    return { store, id, bytes, keep: keepers.length > 0, why: [...new Set(reasons)].join('; ') };
  });
}
