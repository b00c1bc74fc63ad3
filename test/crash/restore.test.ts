import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  approve,
  askRestore,
  spoil,
  stubbornSession,
  untilAsked,
  untilClosed,
  untilLoading,
  untilStopping,
} from './rig/restores.js';
import { ended, resumed, untilStarted, untilStep } from './rig/runs.js';
import { createCrashStack, type CrashStack, type DatabaseName } from './rig/stack.js';
import type { Victim } from './rig/steady.js';
import { expectWhole } from './rig/whole.js';
import { all, rotating, seed } from './rotation.js';

/**
 * A restore is killed at four points: while it loads, right before the cut-over, in it, and after it. By default the
 * seed chooses two of them, one with a long load or a closed database and one between, and one of worker, Temporal and
 * `up` for each; STEADY_CRASH_ALL=1 hits each point with each, and adds kills at random moments of the cut-over.
 */
const VICTIMS = ['worker', 'temporal', 'up'] as const;
const hit = [...rotating([0, 2]), ...rotating([1, 3], 1)];
const victimsAt = (point: number): readonly Victim[] =>
  hit.includes(point) ? rotating(VICTIMS, Math.floor(seed / 2) + point) : [];

let stack: CrashStack;
beforeAll(async () => {
  stack = await createCrashStack({ stores: ['big', 'small'], approvals: true });
  const { code } = await stack.steady.cli('backup', 'run');
  expect(code).toBe(0);
  await stack.app.start();
});
afterAll(() => stack?.close());
afterEach(() => {
  stack.app.holdStop(false);
  stack.app.holdHealth(false);
});

/** The run is done, the data are those of the backup, the service serves, and nothing else is left. */
async function expectRestored(run: string, store: DatabaseName): Promise<void> {
  const view = await ended(stack, run);
  expect(view).toMatchObject({ status: 'completed', outcome: 'done' });
  expect(await stack.databases.digest(stack.database(store))).toBe(await stack.seeded(store));
  expect(await stack.app.healthy()).toBe(true);
  await expectWhole(stack, ['big', 'small']);
}

describe('kill -9 in the middle of a restore', () => {
  it.each(victimsAt(0))('finishes when the %s is killed while it loads', async (victim) => {
    await spoil(stack, 'big');
    const run = await askRestore(stack, 'big');
    await approve(stack, run);
    await untilLoading(stack, 'big');
    await stack.steady.killAndRestart(victim);
    if (victim !== 'temporal') await resumed(stack, run, 'loadBackup');
    await expectRestored(run, 'big');
  });

  it.each(victimsAt(1))('finishes when the %s is killed right before the cut-over', async (victim) => {
    await spoil(stack, 'small');
    stack.app.holdStop(true);
    const run = await askRestore(stack, 'small');
    await approve(stack, run);
    await untilStopping(stack);
    await stack.steady.killAndRestart(victim);
    stack.app.holdStop(false);
    await expectRestored(run, 'small');
  });

  it.each(victimsAt(2))(
    'finishes when the %s is killed in the cut-over, the live database closed',
    async (victim) => {
      await spoil(stack, 'small');
      stack.app.holdStop(true);
      const run = await askRestore(stack, 'small');
      await approve(stack, run);
      await untilStopping(stack);
      const session = await stubbornSession(stack, 'small');
      try {
        stack.app.holdStop(false);
        await untilClosed(stack, 'small');
        await stack.steady.killAndRestart(victim);
      } finally {
        session.letGo();
      }
      await expectRestored(run, 'small');
    },
  );

  it.each(victimsAt(3))(
    'finishes when the %s is killed after the cut-over, before the service is healthy',
    async (victim) => {
      await spoil(stack, 'small');
      stack.app.holdHealth(true);
      const run = await askRestore(stack, 'small');
      await approve(stack, run);
      await untilStarted(stack, run, 'awaitHealthy');
      await stack.steady.killAndRestart(victim);
      stack.app.holdHealth(false);
      await expectRestored(run, 'small');
    },
  );
});

if (all) {
  describe('kill -9 at a random moment of the cut-over', () => {
    // Numerical Recipes' linear congruential generator: the same seed, the same moments.
    let state = seed;
    const moments = Array.from({ length: 6 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * 500);
    });

    it.each(moments)('finishes when the worker is killed %i ms after it begins', async (moment) => {
      await spoil(stack, 'small');
      const run = await askRestore(stack, 'small');
      await approve(stack, run);
      await untilStep(stack, run, 'Stop app');
      await sleep(moment);
      await stack.steady.killAndRestart('worker');
      await expectRestored(run, 'small');
    });
  });
}

describe('an approval that waits', () => {
  it('can still be given when everything was killed and started again', async () => {
    await spoil(stack, 'small');
    const run = await askRestore(stack, 'small');
    await untilAsked(stack, run);
    await stack.steady.killAndRestart('up');
    const { json } = await stack.steady.cli('status');
    expect(json.approvals).toMatchObject([{ run, awaiting: 'operator' }]);
    await approve(stack, run);
    await expectRestored(run, 'small');
  });
});
