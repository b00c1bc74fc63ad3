import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetainedBackup } from '../../src/contracts/retention.js';
import type { KeepPolicy } from '../../src/contracts/stack/plans.js';
import { backup, decide, NOW } from './retention-history.js';

const rules = fc.record(
  {
    within: fc.integer({ min: 3600, max: 40 * 86_400 }),
    last: fc.integer({ min: 1, max: 9 }),
    hourly: fc.integer({ min: 1, max: 9 }),
    daily: fc.integer({ min: 1, max: 9 }),
    weekly: fc.integer({ min: 1, max: 9 }),
    monthly: fc.integer({ min: 1, max: 9 }),
    yearly: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: ['last'] },
);
const history = fc
  .array(
    fc.record({
      hour: fc.integer({ min: -30, max: 24 * 500 }),
      verified: fc.boolean(),
      shrunkUnaccepted: fc.nat({ max: 9 }).map((n) => n === 0),
      suspect: fc.nat({ max: 9 }).map((n) => n === 0),
      keep: fc.nat({ max: 9 }),
    }),
    { maxLength: 60 },
  )
  .map((list) =>
    list.map(({ hour, keep, ...more }, index) =>
      backup(new Date(NOW.getTime() - hour * 3_600_000), {
        ...more,
        id: `b${index}`,
        ...(keep === 0 ? { keepUntil: 'forever' as const } : {}),
      }),
    ),
  );
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia');
const input = fc.record({ backups: history, rules, verified: fc.integer({ min: 1, max: 4 }), zone });
const run = (
  backups: readonly RetainedBackup[],
  given: Partial<KeepPolicy>,
  verified: number,
  inZone: string,
) =>
  new Set(
    decide(backups, { ...given, verified }, { zone: inZone })
      .filter((d) => d.keep)
      .map((d) => d.id),
  );

describe('any history', () => {
  it('keeps the newest N verified ones', () => {
    fc.assert(
      fc.property(input, ({ backups, rules: given, verified, zone: inZone }) => {
        const ids = run(backups, given, verified, inZone);
        const counting = backups.filter(
          (b) => b.verified && !b.suspect && !b.shrunkUnaccepted && b.takenAt <= NOW,
        );
        const newest = [...counting].sort(
          (a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.id < b.id ? 1 : -1),
        );
        for (const one of newest.slice(0, verified)) expect(ids).toContain(one.id);
        if (newest.length === 0) expect(ids.size).toBe(backups.length);
      }),
    );
  });

  it('loses nothing more when pruned twice', () => {
    fc.assert(
      fc.property(input, ({ backups, rules: given, verified, zone: inZone }) => {
        const once = run(backups, given, verified, inZone);
        const rest = backups.filter((b) => once.has(b.id));
        expect(run(rest, given, verified, inZone)).toEqual(once);
      }),
    );
  });

  it('keeps no less under a policy that keeps more', () => {
    fc.assert(
      fc.property(
        input,
        fc.constantFrom('within', 'last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'),
        fc.integer({ min: 1, max: 9 }),
        (given, rule, more) => {
          const { backups, verified, zone: inZone } = given;
          const larger = { ...given.rules, [rule]: (given.rules[rule as 'last'] ?? 0) + more };
          const [less, all] = [
            run(backups, given.rules, verified, inZone),
            run(backups, larger, verified + 1, inZone),
          ];
          for (const id of less) expect(all).toContain(id);
        },
      ),
    );
  });

  it('does not depend on the order it is given in, and gives a reason for each', () => {
    fc.assert(
      fc.property(input, ({ backups, rules: given, verified, zone: inZone }) => {
        expect(run([...backups].reverse(), given, verified, inZone)).toEqual(
          run(backups, given, verified, inZone),
        );
        for (const decision of decide(backups, { ...given, verified }, { zone: inZone }))
          expect(decision.reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
