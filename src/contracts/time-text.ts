import { DateTime } from 'luxon';

/** A moment by the clock of the stack, `2026-11-22 03:00:13 +01:00`; `Z` in UTC. */
export function timeText(iso: string, zone: string): string {
  const time = DateTime.fromISO(iso, { zone });
  const local = time.isValid ? time : DateTime.fromISO(iso, { zone: 'utc' });
  return local.offset === 0
    ? local.toFormat("yyyy-MM-dd HH:mm:ss'Z'")
    : local.toFormat('yyyy-MM-dd HH:mm:ss ZZ');
}

/** A length of time in its two largest units: `0.4 s`, `12 s`, `3 min 5 s`, `26 h`, `4 d 2 h`. */
export function secondsText(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const two = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;

/** `4 h 8 min ago`, `in 20 min`, `just now`; days alone from three on. */
export function agoText(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  const whole = Math.round(Math.abs(seconds));
  if (whole < 2) return 'just now';
  const days = Math.round(whole / 86_400);
  const words = days >= 3 ? `${days} d` : whole < 60 ? `${whole} s` : secondsText(whole);
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

/** `2026-11-22 03:00:13 +01:00 (4 h 8 min ago)`. */
export function momentText(iso: string, zone: string, now = Date.now()): string {
  return `${timeText(iso, zone)} (${agoText(iso, now)})`;
}
