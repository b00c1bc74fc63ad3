import { DateTime } from 'luxon';

/** A moment by the clock of the stack, `2026-11-22 03:00:13 +01:00`; `Z` in UTC. */
export function timeText(iso: string, zone: string): string {
  const time = DateTime.fromISO(iso, { zone });
  const local = time.isValid ? time : DateTime.fromISO(iso, { zone: 'utc' });
  return local.offset === 0
    ? local.toFormat("yyyy-MM-dd HH:mm:ss'Z'")
    : local.toFormat('yyyy-MM-dd HH:mm:ss ZZ');
}
