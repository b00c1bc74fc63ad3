import { DateTime } from 'luxon';
import { SteadyError } from '../contracts/failures.js';

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})$/;
const LOCAL = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const SECONDS = /T\d{2}:\d{2}:\d{2}/;

const FORMS = '2026-11-22T02:13:00Z, 2026-11-22T02:13:00+01:00, "2026-11-22 02:13" or 2026-11-22';

/**
 * A moment a person typed: RFC 3339 with `Z` or an offset, or a local time in the stack's zone. A date alone means the
 * whole day: its last millisecond, so that "the newest at or before 2026-11-22" is that day's. With `dateMeans: 'start'`
 * it is the first.
 *
 * Throws `usage.invalid` for what is no date, and for a local time that daylight saving time skips or repeats.
 */
export function resolveMoment(
  text: string,
  zone: string,
  options: { dateMeans?: 'start' | 'end' } = {},
): Date {
  const given = text.trim();
  const whole = (moment: DateTime, unit: 'day' | 'minute'): Date =>
    (options.dateMeans === 'start' ? moment.startOf(unit) : moment.endOf(unit)).toJSDate();
  if (RFC3339.test(given)) {
    const iso = given.replace(' ', 'T').toUpperCase();
    const moment = valid(DateTime.fromISO(iso, { setZone: true }), given);
    return SECONDS.test(iso) ? moment.toJSDate() : whole(moment, 'minute');
  }
  if (DATE.test(given)) return whole(valid(DateTime.fromISO(given, { zone }), given), 'day');
  if (!LOCAL.test(given)) throw refused(given, `not a date or time; write ${FORMS}`);

  const iso = given.replace(' ', 'T');
  const moment = valid(DateTime.fromISO(iso, { zone }), given);
  const length = iso.length;
  if (moment.toFormat("yyyy-MM-dd'T'HH:mm:ss").slice(0, length) !== iso) {
    throw refused(given, `this local time does not exist in ${zone}: the clocks skip it`);
  }
  const [first, second] = moment.getPossibleOffsets().map((one) => one.toISO({ suppressMilliseconds: true }));
  if (second !== undefined) {
    throw refused(given, `this local time comes twice in ${zone}: write ${first} or ${second}`);
  }
  return SECONDS.test(iso) ? moment.toJSDate() : whole(moment, 'minute');
}

function valid(moment: DateTime, given: string): DateTime {
  if (!moment.isValid) throw refused(given, 'there is no such day or time');
  return moment;
}

const refused = (time: string, reason: string) => new SteadyError('usage.invalid', { time, reason });
