const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** Days and hours that come again each week. */
export interface Window {
  /** 0 is Monday. */
  readonly days: readonly number[];
  /** Minutes since midnight; `to` below or at `from` is on the next day. */
  readonly from: number;
  readonly to: number;
  /** IANA; left out: the stack’s. */
  readonly zone?: string | undefined;
}

const PATTERN = /^(\S+) (\d{2}):(\d{2})-(\d{2}):(\d{2})(?: (\S+))?$/;

/** `Mon-Fri 09:00-16:00`, `Sat,Sun 22:00-02:00 Europe/Berlin`, `daily 02:00-04:00`; undefined when it is none. */
export function parseWindow(text: string): Window | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, names = '', h1, m1, h2, m2, zone] = match;
  const days = names === 'daily' ? DAYS.map((_, day) => day) : names.split(',').flatMap(daysIn);
  const from = minutesOf(h1, m1);
  const to = minutesOf(h2, m2);
  if (days.length === 0 || days.includes(-1) || from === undefined || to === undefined || from === 1440)
    return undefined;
  if (zone !== undefined && !isZone(zone)) return undefined;
  return { days: [...new Set(days)], from, to, zone };
}

function daysIn(part: string): number[] {
  const [first, last = first] = part.split('-').map((name) => DAYS.findIndex((day) => day === name));
  if (first === undefined || last === undefined || first < 0 || last < 0 || part.split('-').length > 2)
    return [-1];
  // Sat-Mon goes over the end of the week.
  const count = ((last - first + 7) % 7) + 1;
  return Array.from({ length: count }, (_, at) => (first + at) % 7);
}

function minutesOf(hours = '', minutes = ''): number | undefined {
  const all = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && all <= 1440 ? all : undefined;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Whether a moment is within a window, by the clock on the wall of its zone. Pure. */
export function isWithin(window: Window, moment: Date, zone: string): boolean {
  const { day, minute } = wallClock(moment, window.zone ?? zone);
  const { days, from, to } = window;
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

function wallClock(moment: Date, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(moment);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return {
    day: DAYS.findIndex((name) => name === part('weekday')),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}
