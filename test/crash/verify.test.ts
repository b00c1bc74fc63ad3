import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from './rig/processes.js';
import { ended, openRun, resumed, untilStarted } from './rig/runs.js';
import { createCrashStack, type CrashStack } from './rig/stack.js';
import { waitFor } from './rig/wait-for.js';
import { expectWhole } from './rig/whole.js';
import { rotating } from './rotation.js';

let stack: CrashStack;
beforeAll(async () => {
  stack = await createCrashStack({ stores: ['big'] });
  const { code } = await stack.steady.cli('backup', 'run', '--verify', 'stored');
  expect(code).toBe(0);
});
afterAll(() => stack?.close());

describe('kill -9 in the middle of a proof', () => {
  /** What runs once the proof is well under way. */
  const underWay = { readable: 'zstd', restored: 'COPY' } as const;

  it.each([
    ['readable', 'temporal'] as const,
    ...rotating([
      ['restored', 'worker'],
      ['restored', 'up'],
    ] as const),
  ])('proves the backup all the same: %s, when the %s is killed', async (depth, victim) => {
    const proving = stack.steady.cli('backup', 'verify', '--depth', depth);
    const run = await openRun(stack, 'verify');
    await untilStarted(stack, run, 'verifyBackup');
    await waitFor('its tools', () =>
      processesWith(stack.mark).some((one) => one.tool && one.command.includes(underWay[depth])),
    );
    await stack.steady.killAndRestart(victim);
    if (victim !== 'temporal') await resumed(stack, run, 'verifyBackup');

    expect(await ended(stack, run)).toMatchObject({ status: 'completed', outcome: 'done' });
    // The command that asked waited through it all.
    const answer = await proving;
    expect(answer.code).toBe(0);
    expect(answer.json.proofs).toMatchObject([{ depth, passed: true }]);
    await expectWhole(stack, ['big']);
  });
});
