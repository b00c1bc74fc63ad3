import { describe, expect, it } from 'vitest';
import { waitsOf } from '../../src/contracts/runs/waits.js';

const now = Date.parse('2026-11-22T06:00:00Z');
const ago = (seconds: number) => ({ seconds: Math.floor(now / 1000) - seconds, nanos: 0 });
type Raw = Parameters<typeof waitsOf>[0];
const raw = (value: object): Raw => value;
const activity = (more: object): Raw =>
  raw({ pendingActivities: [{ activityType: { name: 'loadBackup' }, ...more }] });

describe('what a run waits for', () => {
  it('is nothing while a worker works, nor for a moment', () => {
    expect(waitsOf(raw({}), now)).toEqual([]);
    expect(waitsOf(activity({ state: 2, attempt: 1, scheduledTime: ago(60) }), now)).toEqual([]);
    expect(waitsOf(activity({ state: 1, attempt: 1, scheduledTime: ago(2) }), now)).toEqual([]);
    expect(waitsOf(raw({ pendingWorkflowTask: { scheduledTime: ago(1) } }), now)).toEqual([]);
    const taken = { scheduledTime: ago(60), startedTime: ago(1) };
    expect(waitsOf(raw({ pendingWorkflowTask: taken }), now)).toEqual([]);
  });

  it('is a worker, for the run or for a step', () => {
    expect(waitsOf(raw({ pendingWorkflowTask: { scheduledTime: ago(60) } }), now)).toEqual([
      { words: 'a worker: none takes the run on', since: '2026-11-22T05:59:00.000Z' },
    ]);
    expect(waitsOf(activity({ state: 1, attempt: 1, scheduledTime: ago(10) }), now)).toEqual([
      { words: 'a worker for loadBackup', since: '2026-11-22T05:59:50.000Z' },
    ]);
  });

  it('is another attempt, with what the last one died of', () => {
    const lastFailure = { message: 'cannot reach storage [endpoint=minio]' };
    const waiting = { state: 1, attempt: 3, lastFailure, nextAttemptScheduleTime: ago(-4) };
    const words = 'loadBackup, attempt 3; the last one: cannot reach storage [endpoint=minio]';
    const retry = { step: 'loadBackup', attempt: 3, failure: lastFailure.message };
    expect(waitsOf(activity(waiting), now)).toEqual([
      { words, retry: { ...retry, next: '2026-11-22T06:00:04.000Z' } },
    ]);
    // While it runs too: in the same words, so that who has read them is not told again.
    const running = { state: 2, attempt: 3, lastFailure, nextAttemptScheduleTime: ago(1) };
    expect(waitsOf(activity(running), now)).toEqual([{ words, retry }]);
  });
});
