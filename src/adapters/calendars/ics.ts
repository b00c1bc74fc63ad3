import ICAL from 'ical.js';
import { SteadyError } from '../../contracts/failures.js';
import type { CalendarEvent } from './port.js';

/** An event that comes again is followed so many times at most: one a minute for a year. */
const MOST_TIMES = 600_000;

/**
 * The events of an .ics file (RFC 5545) that last at a moment, with those that come again. A day without a time, and a
 * time without a zone, are those of `zone`.
 *
 * @throws `calendar.unreadable` for what is no such file
 */
export function eventsAt(
  text: string,
  moment: Date,
  of: { readonly label: string; readonly zone: string },
): CalendarEvent[] {
  const { label, zone } = of;
  let events: ICAL.Event[];
  try {
    const calendar = new ICAL.Component(ICAL.parse(text) as ConstructorParameters<typeof ICAL.Component>[0]);
    for (const one of calendar.getAllSubcomponents('vtimezone'))
      ICAL.TimezoneService.register(new ICAL.Timezone(one));
    events = calendar.getAllSubcomponents('vevent').map((one) => new ICAL.Event(one));
  } catch (error) {
    throw new SteadyError(
      'calendar.unreadable',
      { calendar: label, error: (error as Error).message },
      { cause: error },
    );
  }
  return events.flatMap((event) => {
    const status = event.component.getFirstPropertyValue('status');
    if (status === 'CANCELLED' || event.isRecurrenceException()) return [];
    const end = endOfTimeAt(event, moment, zone);
    return end === undefined
      ? []
      : [{ title: event.summary || 'an event without a title', until: end.toISOString() }];
  });
}

/** When the time of an event is over that lasts at the moment. */
function endOfTimeAt(event: ICAL.Event, moment: Date, zone: string): Date | undefined {
  if (!event.isRecurring()) return lasts(event.startDate, event.endDate, moment, zone);
  const times = event.iterator();
  for (let at = 0; at < MOST_TIMES; at++) {
    const next = times.next() as ICAL.Time | null;
    if (next === null || instant(next, zone) > moment) return undefined;
    const { startDate, endDate } = event.getOccurrenceDetails(next) as {
      startDate: ICAL.Time;
      endDate: ICAL.Time;
    };
    const end = lasts(startDate, endDate, moment, zone);
    if (end !== undefined) return end;
  }
  return undefined;
}

function lasts(start: ICAL.Time, end: ICAL.Time, moment: Date, zone: string): Date | undefined {
  const until = instant(end, zone);
  return instant(start, zone) <= moment && moment < until ? until : undefined;
}

/** A time of the file as a moment. */
function instant(time: ICAL.Time, zone: string): Date {
  const { isDate, zone: own } = time;
  if (!isDate && own !== ICAL.Timezone.localTimezone) return time.toJSDate();
  // Written as on the wall: what that is in UTC is found by where its own reading of it leads.
  const wall = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second);
  const guess = wall - offsetAt(wall, zone);
  return new Date(wall - offsetAt(guess, zone));
}

/** How far the clocks of a zone are ahead of UTC, in ms. */
function offsetAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  }).formatToParts(new Date(at));
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(at / 1000) * 1000;
}
