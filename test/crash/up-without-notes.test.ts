import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive, killHard, processesWith } from './rig/processes.js';
import { createCrashStack, type CrashStack } from './rig/stack.js';
import { waitFor } from './rig/wait-for.js';

/** A folder in the place of each note: none can be written, as on a full disk. */

const NOTES = ['up.json', 'worker.json', 'applied.json'];

let stack: CrashStack;
beforeAll(async () => {
  stack = await createCrashStack({ stores: ['small'], up: false });
  for (const name of NOTES) mkdirSync(join(stack.folder, '.steady', name), { recursive: true });
});
afterAll(() => stack?.close());

/** The pid of the one process of this stack whose command line has this. */
function pidOf(words: RegExp): number | undefined {
  const found = processesWith(stack.mark).filter(({ command }) => words.test(command));
  return found.length === 1 ? found[0]?.pid : undefined;
}

/** Kills the process whose command line has this, and waits for the next. */
async function untilBack(command: RegExp): Promise<void> {
  const pid = await waitFor(`${command} runs`, () => pidOf(command));
  killHard(pid);
  await waitFor(`${command} is started again`, () => {
    const now = pidOf(command);
    return now !== undefined && now !== pid;
  });
}

const WORKER = / worker --site /;
const TEMPORAL = / server start-dev /;

it('steady up keeps Temporal and the worker running when it can note nothing, and says so once', async () => {
  const { steady } = stack;
  await steady.start();
  const up = steady.pids.up();
  const address = /"address":"([^"]+)"/.exec(steady.words())?.[1] ?? '';
  for (const command of [WORKER, TEMPORAL]) {
    await untilBack(command);
    await waitFor('it answers again', async () => {
      return (await steady.cli('--address', address, 'status')).code !== 5;
    });
  }
  expect([isAlive(up), steady.child().exitCode]).toEqual([true, null]);
  const told = steady.words().split('\n');
  for (const name of NOTES)
    expect([name, told.filter((line) => line.includes(`${name} cannot be written (EISDIR`))]).toEqual([
      name,
      [expect.stringContaining('who reads it finds what was noted before, or nothing')],
    ]);
});

it('nor does it end when nobody reads what it says', async () => {
  const { steady } = stack;
  steady.child().stderr?.destroy();
  for (const round of [1, 2]) {
    await untilBack(WORKER);
    expect([round, steady.child().exitCode]).toEqual([round, null]);
  }

  steady.child().kill('SIGTERM');
  await waitFor('it has ended', () => steady.child().exitCode !== null, { seconds: 30 });
  expect([steady.child().exitCode, processesWith(stack.mark)]).toEqual([0, []]);
});
