import { MockActivityEnvironment } from '@temporalio/testing';
import { Context } from '@temporalio/activity';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { noteBegin, serverNow } from '../../src/activities/server-clock.js';

afterEach(() => vi.useRealTimers());

describe('the clock of activities', () => {
  const SCHEDULED = Date.parse('2026-11-24T03:00:00Z');
  const HOUR = 3_600_000;

  it.each([2, -2])(
    'goes on from when Temporal scheduled it, whatever the worker says: %i h off',
    async (hours) => {
      const environment = new MockActivityEnvironment({ currentAttemptScheduledTimestampMs: SCHEDULED });
      await environment.run(() => {
        noteBegin(Context.current());
        vi.useFakeTimers({ now: SCHEDULED + hours * HOUR, toFake: ['Date'] });
        const now = serverNow().getTime() - SCHEDULED;
        expect(now).toBeGreaterThanOrEqual(0);
        expect(now).toBeLessThan(60_000);
        return Promise.resolve();
      });
    },
  );

  it('is that of the machine where there is no activity', () => {
    vi.useFakeTimers({ now: SCHEDULED, toFake: ['Date'] });
    expect(serverNow().getTime()).toBe(SCHEDULED);
  });
});
