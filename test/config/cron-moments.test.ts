import { expect, it } from 'vitest';
import { cronMoments } from '../../src/config/cron-moments.js';
import { parseCron } from '../../src/config/cron.js';

const momentsOf = (text: string, zone: string, from: string, to: string): string[] => {
  const cron = parseCron(text);
  if ('error' in cron) throw new Error(cron.error);
  return cronMoments(cron, zone, new Date(from), new Date(to)).map((one) => one.toISOString());
};

it('moments of a schedule follow its zone over a change of the clocks', () => {
  expect(momentsOf('30 3 * * *', 'Europe/Berlin', '2026-10-24T00:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
    '2026-10-24T01:30:00.000Z',
    '2026-10-25T02:30:00.000Z',
    '2026-10-26T02:30:00.000Z',
  ]);
});

it('moments begin with the first one and end before the last', () => {
  expect(momentsOf('0 * * * 0', 'UTC', '2026-11-22T03:00:00Z', '2026-11-22T05:00:00Z')).toEqual([
    '2026-11-22T03:00:00.000Z',
    '2026-11-22T04:00:00.000Z',
  ]);
  expect(momentsOf('0 * * * 1', 'UTC', '2026-11-22T03:00:00Z', '2026-11-22T05:00:00Z')).toEqual([]);
});
