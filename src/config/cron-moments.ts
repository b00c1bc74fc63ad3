import { DateTime } from 'luxon';
import { cronMatches, type Cron } from './cron.js';

/** The moments of a schedule in a zone, from the first one (included) to the last one (not), oldest first. */
export function cronMoments(cron: Cron, zone: string, from: Date, to: Date): Date[] {
  const moments: Date[] = [];
  const first = Math.ceil(from.getTime() / 60_000) * 60_000;
  for (let at = first; at < to.getTime(); at += 60_000) {
    const { minute, hour, day, month, weekday } = DateTime.fromMillis(at, { zone });
    if (cronMatches(cron, { minute, hour, day, month, weekday: weekday % 7 })) moments.push(new Date(at));
  }
  return moments;
}
