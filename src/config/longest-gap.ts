import type { Cron } from './cron.js';

/** Long enough that 29 February comes three times. */
const FIRST_DAY = Date.UTC(2024, 0, 1);
const LAST_DAY = Date.UTC(2032, 11, 31);
const DAY_MS = 86_400_000;
const DAY_MINUTES = 1440;

/**
 * The longest time between two runs of any of the schedules, in seconds, by clocks that never change: the hour of
 * daylight saving time is left out. Schedules that hardly ever run count as running on neither end.
 */
export function longestGap(crons: readonly Cron[]): number {
  const times = crons.map(minutesOfDay);
  const days = new Map<string, Day>();
  let last = 0;
  let longest = 0;
  let minute = 0;
  for (let at = FIRST_DAY; at <= LAST_DAY; at += DAY_MS, minute += DAY_MINUTES) {
    const date = new Date(at);
    const running = crons.flatMap((cron, index) => (runsOn(cron, date) ? [index] : []));
    if (running.length === 0) continue;
    const key = running.join();
    const day = days.get(key) ?? dayOf(running.flatMap((index) => times[index] ?? []));
    days.set(key, day);
    longest = Math.max(longest, day.gap, minute + day.first - last);
    last = minute + day.last;
  }
  return Math.max(longest, minute - last) * 60;
}

interface Day {
  /** Minutes of the day. */
  readonly first: number;
  readonly last: number;
  /** Longest time within it. */
  readonly gap: number;
}

function dayOf(minutes: readonly number[]): Day {
  const sorted = [...minutes].sort((a, b) => a - b);
  const gap = Math.max(0, ...sorted.slice(1).map((minute, index) => minute - (sorted[index] ?? 0)));
  return { first: sorted[0] ?? 0, last: sorted.at(-1) ?? 0, gap };
}

const minutesOfDay = (cron: Cron): number[] =>
  [...cron.hours].flatMap((hour) => [...cron.minutes].map((minute) => hour * 60 + minute));

const runsOn = (cron: Cron, date: Date): boolean =>
  cron.months.has(date.getUTCMonth() + 1) &&
  cron.daysOfMonth.has(date.getUTCDate()) &&
  cron.daysOfWeek.has(date.getUTCDay());
