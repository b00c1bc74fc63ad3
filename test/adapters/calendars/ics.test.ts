import { describe, expect, it } from 'vitest';
import { eventsAt } from '../../../src/adapters/calendars/ics.js';

const calendar = (...events: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...events, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]): string =>
  ['BEGIN:VEVENT', 'UID:1@test', 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT'].join('\r\n');
const at = (text: string, moment: string, zone = 'UTC') =>
  eventsAt(text, new Date(moment), { label: 'freeze.ics', zone });

describe('a calendar', () => {
  it('tells the event that lasts, and when it is over', () => {
    const text = calendar(event('SUMMARY:Sale', 'DTSTART:20261127T060000Z', 'DTEND:20261130T060000Z'));
    expect(at(text, '2026-11-28T00:00:00Z')).toEqual([{ title: 'Sale', until: '2026-11-30T06:00:00.000Z' }]);
    expect(at(text, '2026-11-27T05:59:59Z')).toEqual([]);
    expect(at(text, '2026-11-30T06:00:00Z')).toEqual([]);
  });

  it('has days without hours by the clock of the stack', () => {
    const text = calendar(
      event('SUMMARY:Holiday', 'DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'),
    );
    expect(at(text, '2026-12-23T23:30:00Z', 'Europe/Berlin')).toHaveLength(1);
    expect(at(text, '2026-12-23T22:30:00Z', 'Europe/Berlin')).toEqual([]);
    expect(at(text, '2026-12-23T23:30:00Z', 'UTC')).toEqual([]);
    expect(at(text, '2026-12-26T22:59:59Z', 'Europe/Berlin')).toHaveLength(1);
    expect(at(text, '2026-12-26T23:00:00Z', 'Europe/Berlin')).toEqual([]);
  });

  it('knows what comes again, but for the times that were taken out', () => {
    const text = calendar(
      event(
        'SUMMARY:Friday',
        'DTSTART:20260102T120000Z',
        'DURATION:PT12H',
        'RRULE:FREQ=WEEKLY;BYDAY=FR',
        'EXDATE:20261127T120000Z',
      ),
    );
    expect(at(text, '2026-11-20T13:00:00Z')).toEqual([
      { title: 'Friday', until: '2026-11-21T00:00:00.000Z' },
    ]);
    expect(at(text, '2026-11-27T13:00:00Z')).toEqual([]);
    expect(at(text, '2026-11-21T13:00:00Z')).toEqual([]);
  });

  it('has hours of a zone that it describes itself', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Berlin',
      'BEGIN:STANDARD',
      'DTSTART:19701025T030000',
      'TZOFFSETFROM:+0200',
      'TZOFFSETTO:+0100',
      'END:STANDARD',
      'END:VTIMEZONE',
    ].join('\r\n');
    const text = calendar(
      zone,
      event('SUMMARY:Night', 'DTSTART;TZID=Berlin:20261124T020000', 'DTEND;TZID=Berlin:20261124T040000'),
    );
    expect(at(text, '2026-11-24T01:30:00Z')).toHaveLength(1);
    expect(at(text, '2026-11-24T03:30:00Z')).toEqual([]);
  });

  it('leaves out what was cancelled', () => {
    const text = calendar(event('STATUS:CANCELLED', 'DTSTART:20261127T060000Z', 'DTEND:20261130T060000Z'));
    expect(at(text, '2026-11-28T00:00:00Z')).toEqual([]);
  });

  it.each(['', 'not a calendar', 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT'])('is none: %j', (text) => {
    expect(() => at(text, '2026-11-28T00:00:00Z')).toThrow(
      expect.objectContaining({ code: 'calendar.unreadable' }) as Error,
    );
  });
});
