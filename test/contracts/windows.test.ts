import { describe, expect, it } from 'vitest';
import { isWithin, parseWindow, type Window } from '../../src/contracts/stack/windows.js';

const window = (text: string): Window => {
  const found = parseWindow(text);
  if (found === undefined) throw new Error(`${text} is no window`);
  return found;
};
const within = (text: string, moment: string, zone = 'UTC'): boolean =>
  isWithin(window(text), new Date(moment), zone);

describe('days and hours', () => {
  it('are named by range, by list, or as all of them', () => {
    expect(window('Mon-Thu 09:00-16:00').days).toEqual([0, 1, 2, 3]);
    expect(window('Sat-Mon 09:00-16:00').days).toEqual([5, 6, 0]);
    expect(window('Wed,Fri 09:00-16:00').days).toEqual([2, 4]);
    expect(window('daily 00:00-24:00').days).toHaveLength(7);
  });

  it.each([
    '',
    'Mon',
    'Mon 9:00-16:00',
    'Mon 09:60-16:00',
    'Mon 09:00-24:30',
    'Mond 09:00-16:00',
    'Mon-Wed-Fri 09:00-16:00',
    'Mon 09:00-16:00 Mars',
    'Mon 24:00-02:00',
  ])('are not %j', (text) => {
    expect(parseWindow(text)).toBeUndefined();
  });

  it('begin at their first minute and are over at their end', () => {
    expect(within('Tue 09:00-16:00', '2026-11-24T08:59:59Z')).toBe(false);
    expect(within('Tue 09:00-16:00', '2026-11-24T09:00:00Z')).toBe(true);
    expect(within('Tue 09:00-16:00', '2026-11-24T15:59:59Z')).toBe(true);
    expect(within('Tue 09:00-16:00', '2026-11-24T16:00:00Z')).toBe(false);
    expect(within('Mon 09:00-16:00', '2026-11-24T12:00:00Z')).toBe(false);
  });

  it('go on after midnight, and belong to the day they began', () => {
    expect(within('Sat 22:00-02:00', '2026-11-28T23:00:00Z')).toBe(true);
    expect(within('Sat 22:00-02:00', '2026-11-29T01:59:00Z')).toBe(true);
    expect(within('Sat 22:00-02:00', '2026-11-28T01:00:00Z')).toBe(false);
    expect(within('Sat 22:00-02:00', '2026-11-29T22:30:00Z')).toBe(false);
  });

  it('are those of the stack, or of the zone they name', () => {
    expect(within('Tue 09:00-10:00', '2026-11-24T08:30:00Z', 'Europe/Berlin')).toBe(true);
    expect(within('Tue 09:00-10:00 America/New_York', '2026-11-24T14:30:00Z', 'Europe/Berlin')).toBe(true);
  });

  it('last twice as long where the clocks repeat them, and do not come where they are skipped', () => {
    const zone = 'Europe/Berlin';
    // 25 October 2026: 03:00 summer time becomes 02:00.
    expect(within('Sun 02:00-03:00', '2026-10-25T00:30:00Z', zone)).toBe(true);
    expect(within('Sun 02:00-03:00', '2026-10-25T01:30:00Z', zone)).toBe(true);
    // 29 March 2026: 02:00 becomes 03:00.
    expect(within('Sun 02:00-03:00', '2026-03-29T00:59:59Z', zone)).toBe(false);
    expect(within('Sun 02:00-03:00', '2026-03-29T01:00:00Z', zone)).toBe(false);
  });
});
