import { retentionBuckets, type BucketRule } from './retention-buckets.js';
import { SteadyError } from './failures.js';
import type { KeepPolicy } from './stack/plans.js';
import { formatDuration } from './stack/units.js';

/** What retention needs to know of a backup. */
export interface RetainedBackup {
  readonly id: string;
  /** The data's own moment. */
  readonly takenAt: Date;
  /** Has a passed proof deep enough for the stack. */
  readonly verified: boolean;
  /** A keep mark: for ever, or until a moment. */
  readonly keepUntil?: 'forever' | Date | undefined;
  /** Sharply smaller than the one before, and not accepted by anyone. */
  readonly shrunkUnaccepted: boolean;
  /** Marked as suspect, such as after a breach. */
  readonly suspect: boolean;
}

export interface RetentionInput {
  /** All backups of one store that the policy governs, in any order. */
  readonly backups: readonly RetainedBackup[];
  readonly policy: KeepPolicy;
  /** IANA zone of the stack, for hours, days, weeks, months and years. */
  readonly zone: string;
  readonly now: Date;
}

export interface RetentionDecision {
  readonly id: string;
  readonly keep: boolean;
  /** Why, in words; never empty. */
  readonly reasons: readonly string[];
}

/** How long, at least, a backup is kept that counts for nothing: a month for a person to look, accept or mark it. */
export const UNCOUNTED_GRACE_SECONDS = 30 * 86_400;

/**
 * Decides for each backup whether it is kept, newest first. Pure; to be called in an activity, since time zone data may
 * differ between machines.
 *
 * - A backup **counts** when it is verified, not suspect, not shrunk without acceptance, and not dated after `now` (a
 *   wrong clock must not make all others old). With none that counts nothing is deleted.
 * - **Age** is the time before the newest one that counts, not before `now`: when backups stop, deleting stops.
 *   Whatever is newer than that one is kept.
 * - The newest `verified` (2 by default) that count are never deleted.
 * - `within`: everything not older than that. `last`: the newest so many. `hourly` to `yearly`: the newest of each of so
 *   many hours, days, weeks (from Monday), months, years that have a backup, by the calendar of the zone, as restic does
 *   it (restic forget). In each place one that counts goes before a newer one that is only unproven.
 * - Suspect and unaccepted shrunk ones take no such place. They are kept until they are older than `within` and than
 *   {@link UNCOUNTED_GRACE_SECONDS}; `steady backup keep` holds one longer.
 * - A keep mark keeps until its time.
 *
 * Throws `prune.refused` for a policy that names no rule and for a time that is none.
 */
export function decideRetention(input: RetentionInput): RetentionDecision[] {
  const { policy, zone, now } = input;
  refuseNonsense(input);
  const newestFirst = [...input.backups].sort(
    (a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.id < b.id ? 1 : -1),
  );
  const dated = newestFirst.filter((backup) => backup.takenAt <= now);
  const inPlaces = dated.filter((backup) => !backup.suspect && !backup.shrunkUnaccepted);
  const counting = inPlaces.filter((backup) => backup.verified);
  const newest = counting[0];
  const reasons = new Map(newestFirst.map((backup) => [backup.id, keepReasons(backup, input, newest)]));
  const add = (backup: RetainedBackup, reason: string) => reasons.get(backup.id)?.push(reason);

  for (const backup of counting.slice(0, policy.verified))
    add(backup, `one of the newest ${policy.verified} verified`);
  if (policy.last !== undefined) {
    const provenFirst = [...counting, ...inPlaces.filter((backup) => !backup.verified)];
    for (const backup of provenFirst.slice(0, policy.last)) add(backup, `one of the last ${policy.last}`);
  }
  for (const rule of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] satisfies BucketRule[]) {
    const count = policy[rule];
    if (count === undefined) continue;
    for (const { backup, bucket } of retentionBuckets(inPlaces, rule, count, zone))
      add(backup, `${rule}: ${bucket}`);
  }

  return newestFirst.map((backup) => {
    const why = reasons.get(backup.id) ?? [];
    return why.length > 0
      ? { id: backup.id, keep: true, reasons: why }
      : { id: backup.id, keep: false, reasons: [deleteReason(backup, newest)] };
  });
}

/** Reasons that need no comparison with other backups than the newest that counts. */
function keepReasons(
  backup: RetainedBackup,
  input: RetentionInput,
  newest: RetainedBackup | undefined,
): string[] {
  const { policy, now } = input;
  const reasons: string[] = [];
  if (backup.keepUntil === 'forever') reasons.push('marked to be kept for ever');
  else if (backup.keepUntil && backup.keepUntil > now) {
    reasons.push(`marked to be kept until ${backup.keepUntil.toISOString()}`);
  }
  if (backup.takenAt > now) reasons.push('dated in the future: a clock was wrong');
  if (!newest) return [...reasons, 'no verified backup: nothing is deleted'];
  if (backup.takenAt > newest.takenAt) return [...reasons, 'newer than the newest verified one'];

  const age = (newest.takenAt.getTime() - backup.takenAt.getTime()) / 1000;
  if (policy.within !== undefined && age <= policy.within)
    reasons.push(`within ${formatDuration(policy.within)}`);
  if ((backup.suspect || backup.shrunkUnaccepted) && age <= UNCOUNTED_GRACE_SECONDS) {
    const what = backup.suspect ? 'suspect' : 'shrunk and not accepted';
    reasons.push(`${what}: kept ${formatDuration(UNCOUNTED_GRACE_SECONDS)} for a person to look`);
  }
  return reasons;
}

function deleteReason(backup: RetainedBackup, newest: RetainedBackup | undefined): string {
  const age = newest ? (newest.takenAt.getTime() - backup.takenAt.getTime()) / 1000 : 0;
  const kind = backup.suspect ? 'suspect, ' : backup.shrunkUnaccepted ? 'shrunk and not accepted, ' : '';
  return `${kind}${formatAge(age)} older than the newest verified one, and no rule keeps it`;
}

const formatAge = (seconds: number): string =>
  formatDuration(seconds - (seconds % (seconds < 86_400 ? 60 : 3600)));

function refuseNonsense({ backups, policy, now }: RetentionInput): void {
  const { verified: _, ...rules } = policy;
  if (Object.values(rules).every((value) => value === undefined)) {
    throw new SteadyError('prune.refused', { reason: 'the policy names no rule' });
  }
  if (Number.isNaN(now.getTime())) throw new SteadyError('prune.refused', { reason: 'no time given' });
  const bad = backups.find((backup) => Number.isNaN(backup.takenAt.getTime()));
  if (bad) throw new SteadyError('prune.refused', { reason: 'a backup has no time', backup: bad.id });
}
