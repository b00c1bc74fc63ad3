import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { waitLines } from '../../src/cli/steps.js';

const now = Date.parse('2026-11-22T06:00:00Z');
const color = pc.createColors(false);

describe('what a run waits for', () => {
  it('is told with the time to the next attempt, which is no part of what is compared', () => {
    const failure = 'a tool failed [tool=readlink]';
    const retry = { step: 'cutOver', attempt: 8, failure };
    const words = `cutOver, attempt 8; the last one: ${failure}`;
    const linesOf = (next?: string): string[] =>
      waitLines({ waits: [{ words, retry: { ...retry, next } }] }, color, now);
    expect(linesOf('2026-11-22T06:00:07.000Z')).toEqual([
      `… waiting for cutOver, attempt 8, next in 7 s; the last one: ${failure}`,
    ]);
    expect(linesOf()).toEqual([`… waiting for ${words}`]);
  });

  it('is told with how long a worker has not come', () => {
    const wait = { words: 'a worker for loadBackup', since: '2026-11-22T05:59:50.000Z' };
    expect(waitLines({ waits: [wait] }, color, now)).toEqual([
      '… waiting for a worker for loadBackup, for 10 s',
    ]);
  });
});
