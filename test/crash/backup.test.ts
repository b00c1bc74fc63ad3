import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesIn } from './rig/bytes.js';
import { ended, openRun, resumed, untilStarted } from './rig/runs.js';
import { createCrashStack, type CrashStack } from './rig/stack.js';
import type { Victim } from './rig/steady.js';
import { waitFor } from './rig/wait-for.js';
import { expectWhole } from './rig/whole.js';
import { rotating } from './rotation.js';

let stack: CrashStack;
beforeAll(async () => {
  stack = await createCrashStack({ stores: ['big'] });
});
afterAll(() => stack?.close());

const MEBIBYTE = 2 ** 20;

describe('kill -9 in the middle of a backup', () => {
  it.each<Victim>(['temporal', ...rotating<Victim>(['worker', 'up'])])(
    'finishes when the %s is killed while it dumps',
    async (victim) => {
      const before = bytesIn(stack.storage);
      const asked = stack.steady.cli('backup', 'run');
      const run = await openRun(stack, 'backup');
      await untilStarted(stack, run, 'dumpStore');
      await waitFor('bytes in storage', () => bytesIn(stack.storage) > before + 4 * MEBIBYTE, { every: 5 });
      await stack.steady.killAndRestart(victim);
      if (victim !== 'temporal') await resumed(stack, run, 'dumpStore');

      const view = await ended(stack, run);
      expect(view).toMatchObject({ status: 'completed', outcome: 'done' });
      // Whoever asked has waited through it all: the connection comes back by itself.
      expect((await asked).code).toBe(0);
      await expectWhole(stack, ['big']);
    },
  );
});
