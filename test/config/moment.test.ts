import { describe, expect, it } from 'vitest';
import { resolveMoment } from '../../src/config/moment.js';

const at = (text: string, zone = 'Europe/Berlin', options?: { dateMeans?: 'start' | 'end' }) =>
  resolveMoment(text, zone, options).toISOString();

describe('resolveMoment', () => {
  it('takes RFC 3339 as it is', () => {
    expect(at('2026-11-22T02:13:00Z')).toBe('2026-11-22T02:13:00.000Z');
    expect(at('2026-11-22T02:13:00.5+01:00')).toBe('2026-11-22T01:13:00.500Z');
    expect(at('2026-11-22 02:13:00-05:00')).toBe('2026-11-22T07:13:00.000Z');
  });

  it('takes local time in the stack’s zone', () => {
    expect(at('2026-11-22 02:13:00')).toBe('2026-11-22T01:13:00.000Z');
    expect(at('2026-07-22T02:13:07')).toBe('2026-07-22T00:13:07.000Z');
    expect(at('2026-11-22 02:13:07', 'UTC')).toBe('2026-11-22T02:13:07.000Z');
  });

  it('takes a time without seconds as the whole minute: as a list shows it, it finds what it lists', () => {
    expect(at('2026-11-22 02:13')).toBe('2026-11-22T01:13:59.999Z');
    expect(at('2026-11-22T02:13Z')).toBe('2026-11-22T02:13:59.999Z');
    expect(at('2026-11-22 02:13', 'UTC', { dateMeans: 'start' })).toBe('2026-11-22T02:13:00.000Z');
  });

  it('takes a date as the whole day, so that "at or before" means that day’s', () => {
    expect(at('2026-11-22')).toBe('2026-11-22T22:59:59.999Z');
    expect(at('2026-11-22', 'Europe/Berlin', { dateMeans: 'start' })).toBe('2026-11-21T23:00:00.000Z');
    expect(at('2027-03-28')).toBe('2027-03-28T21:59:59.999Z');
  });

  it('refuses a local time that the clocks skip', () => {
    expect(() => at('2027-03-28 02:30')).toThrow(
      'wrong usage [time="2027-03-28 02:30" reason="this local time does not exist in Europe/Berlin: the clocks skip it"]',
    );
  });

  it('refuses a local time that comes twice, and shows both', () => {
    expect(() => at('2026-10-25 02:30')).toThrow(
      'this local time comes twice in Europe/Berlin: write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00',
    );
    expect(at('2026-10-25T02:30:00+01:00')).toBe('2026-10-25T01:30:00.000Z');
  });

  it.each(['2026-02-30', '2026-11-22 25:00', '2026-13-01T00:00:00Z', '2026-11-31 10:00'])(
    'refuses %s: no such day or time',
    (text) => {
      expect(() => at(text)).toThrow('there is no such day or time');
    },
  );

  it.each(['', 'yesterday', '22.11.2026', '2026-11', '20261122', '2026-11-22T02:13:00+0100', '1764000000'])(
    'refuses %j: no form of ours',
    (text) => {
      expect(() => at(text)).toThrow('not a date or time; write 2026-11-22T02:13:00Z');
    },
  );
});
