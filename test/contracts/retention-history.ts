import { decideRetention, type RetainedBackup, type RetentionInput } from '../../src/contracts/retention.js';
import type { KeepPolicy } from '../../src/contracts/stack/plans.js';

const DAY = 86_400_000;
export const NOW = new Date('2026-11-22T12:00:00Z');

export function backup(takenAt: Date | string, more: Partial<RetainedBackup> = {}): RetainedBackup {
  const time = new Date(takenAt);
  return {
    id: time.toISOString().slice(0, 16),
    takenAt: time,
    verified: true,
    shrunkUnaccepted: false,
    suspect: false,
    ...more,
  };
}

/** A backup each day at 02:00 UTC, the newest on `last`. */
export function daily(
  days: number,
  last = '2026-11-22',
  more: (index: number) => Partial<RetainedBackup> = () => ({}),
): RetainedBackup[] {
  const newest = Date.parse(`${last}T02:00:00Z`);
  return Array.from({ length: days }, (_, index) => backup(new Date(newest - index * DAY), more(index)));
}

const policy = (rules: Partial<KeepPolicy>): KeepPolicy => ({ verified: 1, ...rules });
export const decide = (
  backups: readonly RetainedBackup[],
  rules: Partial<KeepPolicy>,
  more: Partial<RetentionInput> = {},
) => decideRetention({ backups, policy: policy(rules), zone: 'UTC', now: NOW, ...more });
export const kept = (...args: Parameters<typeof decide>) =>
  decide(...args)
    .filter((d) => d.keep)
    .map((d) => d.id.slice(0, 10));
export const reasonsOf = (id: string, ...args: Parameters<typeof decide>) =>
  decide(...args).find((d) => d.id.startsWith(id))?.reasons;
