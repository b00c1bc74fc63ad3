import type { RetainedBackup } from './retention.js';

export type BucketRule = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

const HOUR = 3_600_000;
const DAY = 86_400_000;

/**
 * The backups that stand for the newest `count` hours, days, weeks, months or years in which there are any: of each the
 * newest verified one, or the newest where none is verified.
 *
 * @param newestFirst sorted by time, newest first
 */
export function retentionBuckets(
  newestFirst: readonly RetainedBackup[],
  rule: BucketRule,
  count: number,
  zone: string,
): { backup: RetainedBackup; bucket: string }[] {
  const local = localClock(zone);
  const buckets = new Map<string, RetainedBackup>();
  for (const backup of newestFirst) {
    const bucket = bucketName(backup.takenAt, rule, local);
    const standing = buckets.get(bucket);
    if (standing === undefined && buckets.size === count) continue;
    if (standing === undefined || (backup.verified && !standing.verified)) buckets.set(bucket, backup);
  }
  return [...buckets].map(([bucket, backup]) => ({ backup, bucket }));
}

type LocalClock = (time: Date) => number;

/** Local time of a zone as if it were UTC, in milliseconds. */
function localClock(zone: string): LocalClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (time) => {
    const part = Object.fromEntries(
      format.formatToParts(time).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

function bucketName(time: Date, rule: BucketRule, local: LocalClock): string {
  const at = local(time);
  const iso = new Date(at).toISOString();
  switch (rule) {
    case 'hourly': {
      // The hour that comes twice when summer ends is two hours: the offset tells them apart.
      const offset = Math.round((at - time.getTime()) / 60_000);
      return `${new Date(Math.floor(at / HOUR) * HOUR).toISOString().slice(0, 13)}h${formatOffset(offset)}`;
    }
    case 'daily':
      return iso.slice(0, 10);
    case 'weekly': {
      // 1 January 1970 was a Thursday, so days since Monday 29 December 1969 are days + 3.
      const day = Math.floor(at / DAY);
      return `week of ${new Date((day - ((((day + 3) % 7) + 7) % 7)) * DAY).toISOString().slice(0, 10)}`;
    }
    case 'monthly':
      return iso.slice(0, 7);
    case 'yearly':
      return iso.slice(0, 4);
  }
}

function formatOffset(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
