import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesUnder } from './rig/bytes.js';
import { cloneBackups } from './rig/clone-backups.js';
import { ended, openRun, resumed } from './rig/runs.js';
import { createCrashStack, type CrashStack } from './rig/stack.js';
import type { Victim } from './rig/steady.js';
import { waitFor } from './rig/wait-for.js';
import { expectWhole } from './rig/whole.js';
import { rotating } from './rotation.js';

const MANY = 80;

let stack: CrashStack;
beforeAll(async () => {
  stack = await createCrashStack({ stores: ['small'] });
  const { code } = await stack.steady.cli('backup', 'run');
  expect(code).toBe(0);
});
afterAll(() => stack?.close());

const manifests = (): string[] => readdirSync(join(stack.storage, 'manifests', 'small'));
/** Backups that have data. */
const withData = (): string[] => [
  ...new Set(namesUnder(join(stack.storage, 'data', 'small')).map((path) => basename(dirname(path)))),
];

describe('kill -9 in the middle of a prune', () => {
  it.each(rotating<Victim>(['temporal', 'up']))(
    'deletes all of what it began when the %s is killed',
    async (victim) => {
      await cloneBackups(stack, 'small', MANY);
      const pruning = stack.steady.cli('backup', 'prune');
      const run = await openRun(stack, 'prune');
      const all = manifests().length;
      await waitFor('some are deleted', () => manifests().length < all - 5, { every: 2 });
      await stack.steady.killAndRestart(victim);
      // It was hit in the middle.
      expect(manifests().length).toBeGreaterThan(2);
      if (victim !== 'temporal') await resumed(stack, run, 'deleteBackups');

      expect(await ended(stack, run)).toMatchObject({ status: 'completed', outcome: 'done' });
      await pruning;
      // The newest two by the plan, and nothing of the others: no data without a manifest.
      expect(manifests()).toHaveLength(2);
      expect(withData()).toHaveLength(2);
      await expectWhole(stack, ['small']);
    },
  );
});
