import { describe, expect, it } from 'vitest';
import { stuckReasons } from '../../../src/activities/watch/open-runs.js';
import { stackSchema } from '../../../src/contracts/stack/stack.js';

const now = Date.parse('2026-11-22T06:00:00Z');
const before = (seconds: number) => ({ seconds: now / 1000 - seconds, nanos: 0 });
const stack = stackSchema.parse({
  version: 1,
  stack: 'shop',
  storage: { main: { directory: { path: 'b' } } },
  stores: { db: { postgres: { database: 'd', user: 'u' } } },
  plans: { nightly: { schedule: '30 3 * * *', stores: ['db'], limit: '1h' } },
  limits: { run: '4h', worker: '5m' },
});
const reasons = (workflowId: string, openSeconds: number, raw: object = {}): string[] =>
  stuckReasons({ workflowId, startTime: new Date(now - openSeconds * 1000), raw }, stack, now);
const doing = (activity: object) => ({
  pendingActivities: [{ activityType: { name: 'dumpStore' }, ...activity }],
});

describe('an open run', () => {
  it('gets on within its limit and a while beyond it, in which it puts back what it began', () => {
    expect(reasons('backup.shop.nightly-2026-11-22T03:30:00Z', 74 * 60)).toEqual([]);
    expect(reasons('backup.shop.nightly-2026-11-22T03:30:00Z', 76 * 60)).toEqual([
      'open for 1h16m, and its limit is 1h',
    ]);
    expect(reasons('restore.shop.20261122T010000Z-k7q2m9xd', 4 * 3600)).toEqual([]);
    expect(reasons('restore.shop.20261122T010000Z-k7q2m9xd', 5 * 3600)).toEqual([
      'open for 5h, and its limit is 4h',
    ]);
  });

  it('may keep what a restore replaced for days', () => {
    expect(reasons('hold.shop.k7q2m9xd', 6 * 86_400)).toEqual([]);
  });

  it('does not get on when no worker comes for longer than a step would wait', () => {
    const waiting = (seconds: number) => doing({ state: 1, attempt: 1, scheduledTime: before(seconds) });
    expect(reasons('verify.shop.x', 300, waiting(200))).toEqual([]);
    expect(reasons('verify.shop.x', 500, waiting(400))).toEqual([
      'waits for a worker for dumpStore, for 6m40s',
    ]);
  });

  it('does not get on when a step, or Temporal’s own task, fails again and again', () => {
    const failing = (attempt: number) => doing({ state: 1, attempt, lastFailure: { message: 'no room' } });
    expect(reasons('verify.shop.x', 60, failing(11))).toEqual([]);
    expect(reasons('verify.shop.x', 600, failing(12))).toEqual([
      'dumpStore, attempt 12; the last one: no room',
    ]);
    const task = { pendingWorkflowTask: { attempt: 40, scheduledTime: before(1), startedTime: before(1) } };
    expect(reasons('verify.shop.x', 600, task)).toEqual([
      "no worker can go on with it, after 40 attempts: the worker's log says why",
    ]);
  });
});
