import { describe, expect, it } from 'vitest';
import type { RetainedBackup } from '../../src/contracts/retention.js';
import { backup, daily, decide, kept, reasonsOf } from './retention-history.js';

describe('the rules', () => {
  it('within keeps everything younger than that, counted from the newest verified one', () => {
    expect(kept(daily(30), { within: 3 * 86_400 })).toEqual([
      '2026-11-22',
      '2026-11-21',
      '2026-11-20',
      '2026-11-19',
    ]);
    expect(reasonsOf('2026-11-10', daily(30), { within: 3 * 86_400 })).toEqual([
      '12d older than the newest verified one, and no rule keeps it',
    ]);
  });

  it('last, daily, weekly, monthly and yearly keep the newest of each', () => {
    expect(kept(daily(30), { last: 2 })).toEqual(['2026-11-22', '2026-11-21']);
    // 22 November 2026 is a Sunday, the last day of its week.
    expect(kept(daily(30), { weekly: 3 })).toEqual(['2026-11-22', '2026-11-15', '2026-11-08']);
    expect(kept(daily(100), { monthly: 3 })).toEqual(['2026-11-22', '2026-10-31', '2026-09-30']);
    expect(kept(daily(800), { yearly: 3 })).toEqual(['2026-11-22', '2025-12-31', '2024-12-31']);
    expect(reasonsOf('2026-11-22', daily(9), { daily: 2, weekly: 1, last: 1 })).toEqual([
      'one of the newest 1 verified',
      'one of the last 1',
      'daily: 2026-11-22',
      'weekly: week of 2026-11-16',
    ]);
  });

  it('take days from the calendar of the stack’s zone', () => {
    const two = [
      backup('2026-11-22T00:30:00Z'),
      backup('2026-11-21T23:30:00Z'),
      backup('2026-11-21T12:00:00Z'),
    ];
    expect(kept(two, { daily: 5 })).toHaveLength(2);
    expect(decide(two, { daily: 5 }, { zone: 'Europe/Berlin' }).map((d) => d.keep)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('take the hour that comes twice when summer ends as two hours', () => {
    const hours = [
      '2026-10-25T02:10:00Z',
      '2026-10-25T01:10:00Z',
      '2026-10-25T00:10:00Z',
      '2026-10-25T00:05:00Z',
    ];
    const all = hours.map((hour) => backup(hour));
    expect(decide(all, { hourly: 9 }, { zone: 'Europe/Berlin' }).map((d) => d.keep)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('skip days without a backup: seven daily ones are seven days that have one', () => {
    const gaps = daily(40).filter((_, index) => index % 5 === 0);
    expect(kept(gaps, { daily: 7 })).toHaveLength(7);
  });
});

describe('what cannot be lost', () => {
  it('is everything, when nothing is verified', () => {
    const all = daily(400, '2026-11-22', () => ({ verified: false }));
    expect(decide(all, { last: 1 }).every((d) => d.keep)).toBe(true);
    expect(reasonsOf('2026-01-01', all, { last: 1 })).toEqual(['no verified backup: nothing is deleted']);
  });

  it('is what there is when backups stop: age is not counted from now', () => {
    const stopped = daily(8, '2026-01-08');
    expect(kept(stopped, { within: 7 * 86_400 })).toHaveLength(8);
  });

  it('is what there is when proofs stop: newer, unproven ones are kept and make nothing older', () => {
    const unproven = daily(60, '2026-11-22', (index) => ({ verified: index >= 50 }));
    expect(kept(unproven, { within: 7 * 86_400 })).toHaveLength(50 + 8);
    expect(reasonsOf('2026-11-01', unproven, { within: 7 * 86_400 })).toEqual([
      'newer than the newest verified one',
    ]);
  });

  it('are the newest N verified ones, however old', () => {
    const old = [backup('2026-11-22'), backup('2025-01-01'), backup('2024-01-01')];
    expect(kept(old, { within: 3600, verified: 2 })).toEqual(['2026-11-22', '2025-01-01']);
  });

  it('are older ones when one is dated in the future by a wrong clock', () => {
    const all = [backup('2036-01-01'), ...daily(5)];
    expect(kept(all, { within: 7 * 86_400 })).toHaveLength(6);
    expect(reasonsOf('2036', all, { last: 1 })).toContain('dated in the future: a clock was wrong');
  });

  it('is what carries a keep mark, until its time', () => {
    const marked = (keepUntil: 'forever' | Date) => [...daily(3), backup('2020-01-01', { keepUntil })];
    expect(kept(marked('forever'), { last: 1 })).toEqual(['2026-11-22', '2020-01-01']);
    expect(kept(marked(new Date('2026-11-23')), { last: 1 })).toEqual(['2026-11-22', '2020-01-01']);
    expect(kept(marked(new Date('2026-11-21')), { last: 1 })).toEqual(['2026-11-22']);
  });

  it('is the proven one of a day, though a later one of that day failed its proof', () => {
    const day = [
      backup('2026-11-22'),
      backup('2026-11-20T20:00:00Z', { verified: false }),
      backup('2026-11-20T02:00:00Z'),
    ];
    expect(decide(day, { daily: 2 }).map((d) => d.keep)).toEqual([true, false, true]);
  });

  it('is not replaced by a shrunk or suspect one', () => {
    const all = [
      ...daily(2),
      backup('2026-11-20T20:00:00Z', { shrunkUnaccepted: true }),
      backup('2026-11-20T10:00:00Z', { suspect: true }),
      backup('2026-11-20T02:00:00Z'),
    ];
    expect(decide(all, { daily: 3 })[4]).toMatchObject({ keep: true, reasons: ['daily: 2026-11-20'] });
  });

  it('are shrunk and suspect ones for a month, for a person to look', () => {
    const odd = (day: string, more: Partial<RetainedBackup>) => [backup('2026-11-22'), backup(day, more)];
    expect(kept(odd('2026-10-24', { shrunkUnaccepted: true }), { last: 1 })).toHaveLength(2);
    expect(kept(odd('2026-10-24', { suspect: true }), { last: 1 })).toHaveLength(2);
    expect(kept(odd('2026-10-22', { suspect: true }), { last: 1 })).toHaveLength(1);
    expect(reasonsOf('2026-10-22', odd('2026-10-22', { shrunkUnaccepted: true }), { last: 1 })).toEqual([
      'shrunk and not accepted, 31d older than the newest verified one, and no rule keeps it',
    ]);
  });

  it('is anything under a policy without a rule, or with a time that is none', () => {
    expect(() => decide(daily(3), {})).toThrow('nothing is pruned [reason="the policy names no rule"]');
    expect(() => decide([backup('2026-11-22', { takenAt: new Date(Number.NaN) })], { last: 1 })).toThrow(
      'a backup has no time',
    );
  });
});
