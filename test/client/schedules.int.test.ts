import { Client, Connection } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Steady } from '../../src/client/connect.js';
import { applySchedules, compareSchedules, type Change } from '../../src/client/schedules.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { PATIENTLY } from '../workflows/patience.js';

let steady: Steady;
beforeAll(async () => {
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  steady = { client, address, namespace: 'default', workerSeconds: 30, close: () => connection.close() };
});
const made = new Set<string>();
afterAll(async () => {
  for (const id of made)
    await steady.client.schedule
      .getHandle(id)
      .delete()
      .catch(() => undefined);
  await steady.close();
});

type Plans = Record<string, Record<string, unknown>>;
const NIGHTLY = { schedule: '30 3 * * *', stores: ['db'] };

function snapshotWith(stack: string, plans: Plans, more: Record<string, unknown> = {}): StackSnapshot {
  const file = {
    version: 1,
    stack,
    storage: { main: { directory: { path: 'x' } } },
    stores: { db: { postgres: { database: 'db', user: 'me' } } },
    plans,
    ...more,
  };
  return { stack: stackSchema.parse(file), configSha256: 'c'.repeat(64), folder: '/nowhere' };
}

const newStack = (): string => `c-${randomBytes(4).toString('hex')}`;
const apply = async (snapshot: StackSnapshot): Promise<Change[]> => {
  const changes = await applySchedules(steady, snapshot);
  for (const { schedule } of changes) made.add(schedule);
  return changes;
};
/** What changes of the plans' own backup schedules. */
const ofBackups = (changes: readonly Change[]): string[] =>
  changes.filter((one) => one.schedule.startsWith('backup.')).map((one) => `${one.change} ${one.schedule}`);
const handleOf = (stack: string, plan = 'nightly') =>
  steady.client.schedule.getHandle(`backup.${stack}.${plan}`);

describe.concurrent('apply', () => {
  it('makes a schedule of each plan, and nothing the second time', async () => {
    const stack = newStack();
    const plans = {
      nightly: { ...NIGHTLY, catchup: '3h' },
      hourly: { schedule: '15 * * * *', stores: ['db'], jitter: '10m' },
    };
    const snapshot = snapshotWith(stack, plans, { timezone: 'Europe/Berlin' });
    expect(ofBackups(await compareSchedules(steady, snapshot))).toEqual([
      `create backup.${stack}.nightly`,
      `create backup.${stack}.hourly`,
    ]);
    await apply(snapshot);
    expect((await apply(snapshot)).every((one) => one.change === 'none')).toBe(true);

    const { spec, policies, action, info } = await handleOf(stack).describe();
    expect(spec.timezone).toBe('Europe/Berlin');
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 3 * 3600 * 1000 });
    expect(action).toMatchObject({
      workflowType: 'backup',
      workflowId: `backup.${stack}.nightly`,
      taskQueue: 'steady',
    });
    expect(action.args?.[0]).toMatchObject({
      plan: 'nightly',
      stores: ['db'],
      snapshot: { folder: '/nowhere' },
    });
    const [next] = info.nextActionTimes;
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
    expect(next && local.format(next)).toBe('03:30');

    const hourly = (await handleOf(stack, 'hourly').describe()).info.nextActionTimes;
    const late = hourly.map((one) => one.getTime() / 1000 - 15 * 60).map((one) => one % 3600);
    expect(late.every((one) => one >= 0 && one < 600)).toBe(true);
    expect(new Set(late).size).toBeGreaterThan(1);
  });

  it('updates what has changed in the file, and says what', async () => {
    const stack = newStack();
    await apply(snapshotWith(stack, { nightly: NIGHTLY }));
    const moved = await apply(snapshotWith(stack, { nightly: { ...NIGHTLY, schedule: '30 4 * * *' } }));
    expect(moved.find((one) => one.schedule === `backup.${stack}.nightly`)).toEqual({
      schedule: `backup.${stack}.nightly`,
      change: 'update',
      words: '30 3 * * * becomes 30 4 * * * UTC',
    });
    const [next] = (await handleOf(stack).describe()).info.nextActionTimes;
    expect(next?.getUTCHours()).toBe(4);
    const limited = await apply(
      snapshotWith(stack, { nightly: { ...NIGHTLY, schedule: '30 4 * * *', limit: '1h' } }),
    );
    expect(limited.find((one) => one.schedule === `backup.${stack}.nightly`)?.words).toBe(
      '30 4 * * * UTC, other contents',
    );
  });

  it('keeps a pause and its note through an update', async () => {
    const stack = newStack();
    await apply(snapshotWith(stack, { nightly: NIGHTLY }));
    await handleOf(stack).pause('the disk is being exchanged');
    await apply(snapshotWith(stack, { nightly: { ...NIGHTLY, limit: '1h' } }));
    const { state, action } = await handleOf(stack).describe();
    expect(state).toMatchObject({ paused: true, note: 'the disk is being exchanged' });
    expect(action.args?.[0]).toMatchObject({ snapshot: { stack: { plans: { nightly: { limit: 3600 } } } } });
  });

  it('removes the schedule of a plan that has gone, and leaves those of others alone', async () => {
    const [stack, other] = [newStack(), newStack()];
    await apply(snapshotWith(other, { nightly: NIGHTLY }));
    const foreign = `backup.${stack}.by-hand`;
    made.add(foreign);
    await steady.client.schedule.create({
      scheduleId: foreign,
      spec: { cronExpressions: ['0 5 * * *'] },
      action: { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs', args: [] },
    });
    await apply(snapshotWith(stack, { nightly: NIGHTLY, weekly: { ...NIGHTLY, schedule: '30 5 * * 0' } }));
    const less = snapshotWith(stack, { nightly: NIGHTLY });
    // Listings of schedules follow a little later.
    await vi.waitFor(async () => {
      expect(ofBackups(await compareSchedules(steady, less))).toContain(`remove backup.${stack}.weekly`);
    }, PATIENTLY);
    await apply(less);
    await expect(handleOf(stack, 'weekly').describe()).rejects.toThrow();
    await handleOf(stack).describe();
    await handleOf(other).describe();
    expect((await steady.client.schedule.getHandle(foreign).describe()).action.workflowType).toBe('theirs');
    // Also while the listing still shows what is gone.
    await apply(less);
  });

  it('refuses to take over somebody else’s schedule of the same name', async () => {
    const stack = newStack();
    const id = `backup.${stack}.nightly`;
    made.add(id);
    await steady.client.schedule.create({
      scheduleId: id,
      spec: { cronExpressions: ['0 5 * * *'] },
      action: { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs', args: [] },
    });
    await expect(applySchedules(steady, snapshotWith(stack, { nightly: NIGHTLY }))).rejects.toThrow(
      `a schedule of this name is not ours [schedule=${id}]`,
    );
    expect((await steady.client.schedule.getHandle(id).describe()).action.workflowType).toBe('theirs');
  });

  it('may be done twice at once', async () => {
    const snapshot = snapshotWith(newStack(), { nightly: NIGHTLY });
    await Promise.all([apply(snapshot), apply(snapshot)]);
    expect((await apply(snapshot)).every((one) => one.change === 'none')).toBe(true);
  });

  it('skips a run while the last one still goes, and counts it', async () => {
    const stack = newStack();
    await apply(snapshotWith(stack, { nightly: NIGHTLY }));
    // Three nights at once. Nobody works here, so the first run does not end.
    const handle = handleOf(stack);
    const [start, end] = [new Date('2026-11-01T00:00:00Z'), new Date('2026-11-04T00:00:00Z')];
    await handle.backfill({ start, end });
    await vi.waitFor(async () => {
      const { info } = await handle.describe();
      expect(info.runningActions).toHaveLength(1);
      expect(info.numActionsSkippedOverlap).toBe(2);
    }, PATIENTLY);
    const [running] = (await handle.describe()).info.runningActions;
    if (running?.type === 'startWorkflow')
      await steady.client.workflow.getHandle(running.workflow.workflowId).terminate('the test is over');
  });
});
