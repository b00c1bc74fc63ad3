import { describe, expect, it } from 'vitest';
import { parseCron, type Cron } from '../../src/config/cron.js';
import { longestGap } from '../../src/config/longest-gap.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

const gapOf = (...texts: string[]): number =>
  longestGap(
    texts.map((text) => {
      const cron = parseCron(text);
      if ('error' in cron) throw new Error(cron.error);
      return cron;
    }) satisfies Cron[],
  );

describe('the longest time between runs', () => {
  it.each([
    ['* * * * *', 60],
    ['0 * * * *', HOUR],
    ['30 3 * * *', DAY],
    ['0 9,17 * * *', 16 * HOUR],
    ['*/15 8-18 * * *', 13.25 * HOUR],
    ['30 3 * * 1-5', 3 * DAY],
    ['0 22 * * 1-5', 3 * DAY],
    ['30 3 * * 0', 7 * DAY],
    ['30 3 1 * *', 31 * DAY],
    ['30 3 31 * *', 61 * DAY],
    ['0 0 1 1 *', 366 * DAY],
    ['0 0 29 2 *', 1461 * DAY],
  ])('of %s', (text, seconds) => {
    expect(gapOf(text)).toBe(seconds);
  });

  it('of several schedules is that of all their runs together', () => {
    expect(gapOf('30 3 * * 1-5', '30 3 * * 6,0')).toBe(DAY);
    expect(gapOf('0 0 * * *', '0 12 * * *')).toBe(12 * HOUR);
    expect(gapOf('0 0 * * *', '0 12 * * 1-5')).toBe(DAY);
  });

  it('of a date that comes once in a lifetime is years', () => {
    expect(gapOf('0 0 29 2 1')).toBeGreaterThan(4 * 365 * DAY);
  });
});
