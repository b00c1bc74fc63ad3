import { IANAZone } from 'luxon';
import { nearest } from '../contracts/nearest.js';

/** A change of a zone's clocks: the local times between `from` and `to` are skipped, or come twice. */
export interface ClockChange {
  readonly kind: 'skipped' | 'repeated';
  /** Local time as if it were UTC, in milliseconds; the first minute of the interval. */
  readonly from: number;
  /** The first minute after it. */
  readonly to: number;
}

const DAY = 86_400_000;
/** A year and a month: every change of the coming year, wherever one stands in it. */
const HORIZON_DAYS = 396;

/** Whether a name is a zone of the IANA list. Offsets are none: Temporal's server does not know them. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || !IANAZone.isValidZone(name)) return false;
  // JavaScript takes any case, the server's zone files do not.
  const known = Intl.supportedValuesOf('timeZone').find((zone) => zone.toLowerCase() === name.toLowerCase());
  return known === undefined ? name === name.toUpperCase() || /[A-Z]/.test(name) : known === name;
}

export function nearestZone(name: string): string | undefined {
  const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  const city = zones.find(
    (zone) => zone.split('/').at(-1)?.toLowerCase() === name.trim().replaceAll(' ', '_').toLowerCase(),
  );
  return city ?? nearest(name, zones);
}

/** Changes of a zone's clocks in the 13 months from `now`. */
export function clockChanges(zone: string, now: Date): ClockChange[] {
  const changes: ClockChange[] = [];
  const iana = IANAZone.create(zone);
  const start = Math.floor(now.getTime() / DAY) * DAY;
  for (let day = start; day < start + HORIZON_DAYS * DAY; day += DAY) {
    const before = iana.offset(day);
    const after = iana.offset(day + DAY);
    if (before === after) continue;
    const at = changeBetween(iana, day, day + DAY);
    const [a, b] = [at + before * 60_000, at + after * 60_000];
    changes.push({ kind: a < b ? 'skipped' : 'repeated', from: Math.min(a, b), to: Math.max(a, b) });
  }
  return changes;
}

/** The first moment with the later offset, to the second. */
function changeBetween(zone: IANAZone, from: number, to: number): number {
  const before = zone.offset(from);
  let [low, high] = [from, to];
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (zone.offset(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
