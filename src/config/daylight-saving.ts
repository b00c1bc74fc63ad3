import { cronMatches, type Cron } from './cron.js';
import type { ClockChange } from './zones.js';

const MINUTE = 60_000;

/**
 * Runs of a schedule that fall into hours which daylight saving time skips or repeats, such as `02:30 does not exist on
 * 2027-03-28`. A schedule for every hour has none: it loses and doubles nothing.
 */
export function odditiesOf(cron: Cron, changes: readonly ClockChange[]): string[] {
  if (cron.hours.size === 24) return [];
  return changes.flatMap((change) => {
    for (let local = change.from; local < change.to; local += MINUTE) {
      const date = new Date(local);
      const matches = cronMatches(cron, {
        minute: date.getUTCMinutes(),
        hour: date.getUTCHours(),
        day: date.getUTCDate(),
        month: date.getUTCMonth() + 1,
        weekday: date.getUTCDay(),
      });
      if (!matches) continue;
      const iso = date.toISOString();
      const what = change.kind === 'skipped' ? 'does not exist' : 'comes twice';
      return [`${iso.slice(11, 16)} ${what} on ${iso.slice(0, 10)}`];
    }
    return [];
  });
}
