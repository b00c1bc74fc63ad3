import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Steady } from '../client/connect.js';
import { resultOf } from '../client/outcome.js';
import { patienceOf, reachFailure } from '../client/reach.js';
import { viewRun, type RunView } from '../client/runs.js';
import { SteadyError } from '../contracts/failures.js';
import type { Output } from './output.js';
import { plainLine } from './plain-text.js';
import { nowLines, stepLines, waitLines } from './steps.js';

const LOOK_MS = 500;
/** In a pipe: how long nothing may be said. */
const SILENCE_MS = 30_000;

/**
 * Follows a run to its end: each step once it has ended, and below them, on a terminal, moving lines with bytes, rate and
 * time left. In a pipe the steps are plain lines, and at least every half minute one says what goes on. Ctrl-C leaves the
 * run running. Temporal being away is waited out as long as a worker would be.
 */
export async function watchRun<T>(steady: Steady, handle: WorkflowHandle, output: Output): Promise<T> {
  const ended = endOf<T>(steady, handle, output).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let over = false;
  void ended.then(() => (over = true));
  const leave = (): void => {
    output.warn(`\nThe run goes on. Follow it with: steady show ${handle.workflowId} --watch`);
    process.exit(130);
  };
  process.once('SIGINT', leave);
  const screen = createScreen(output, handle.workflowId);
  try {
    while (!over) {
      const view = output.json ? undefined : await viewRun(steady, handle).catch(() => undefined);
      if (view) screen.show(view);
      await Promise.race([ended, sleep(LOOK_MS)]);
    }
    const last = output.json ? undefined : await viewRun(steady, handle).catch(() => undefined);
    screen.finish(last);
  } finally {
    process.removeListener('SIGINT', leave);
  }
  const end = await ended;
  if ('error' in end) throw end.error;
  return end.value;
}

/** The result of a run; while Temporal is away it is asked again, for it goes on where it was when it is back. */
async function endOf<T>(steady: Steady, handle: WorkflowHandle, output: Output): Promise<T> {
  let since: number | undefined;
  for (;;) {
    try {
      return await resultOf<T>(handle);
    } catch (error) {
      const failure = reachFailure(error, steady);
      if (!(failure instanceof SteadyError) || failure.code !== 'temporal.unreachable') throw failure;
      if (since === undefined) output.warn('… Temporal does not answer; the run goes on when it is back');
      since ??= Date.now();
      if (Date.now() - since > patienceOf(steady) * 1000) throw failure;
      await sleep(LOOK_MS);
    }
  }
}

function createScreen(output: Output, run: string) {
  const told = new Map<number, string>();
  const { color } = output;
  let moving = 0;
  let waited = '';
  let howToAnswer = false;
  let last = Date.now();

  const clear = (): void => {
    if (moving > 0) process.stdout.write(`\u001B[${moving}A\u001B[J`);
    moving = 0;
  };
  const say = (line: string): void => {
    output.line(line);
    last = Date.now();
  };
  const tellSteps = (view: RunView): void => {
    view.timeline?.steps.forEach((step, at) => {
      if (step.status === 'running' || told.get(at) === step.status) return;
      told.set(at, step.status);
      stepLines(step, color).forEach(say);
    });
  };
  const tellWaits = (view: RunView): void => {
    // Without how long, or until when: once said is enough.
    const kinds = [view.timeline?.waiting, ...view.waits.map((one) => one.words)].join('\n');
    if (kinds !== waited) {
      waited = kinds;
      howToAnswer = false;
      waitLines(view, color).forEach(say);
    }
    // That an answer is awaited may be seen a moment later than the question.
    if (howToAnswer || view.awaiting === undefined) return;
    howToAnswer = true;
    say(`    answer with: steady approve ${run}`);
  };
  const running = (view: RunView): string[] => [
    ...(view.timeline?.steps ?? [])
      .filter((step) => step.status === 'running')
      .flatMap((step) => stepLines(step, color)),
    ...nowLines(view, color),
  ];
  /** A line longer than the screen would make two, and spoil what is cleared. */
  const cut = (line: string): string =>
    [...plainLine(line)].slice(0, Math.max(20, (process.stdout.columns || 80) - 1)).join('');
  return {
    show(view: RunView): void {
      clear();
      tellSteps(view);
      if (!output.live) {
        tellWaits(view);
        if (Date.now() - last > SILENCE_MS) running(view).forEach(say);
        return;
      }
      const lines = running(view).map(cut);
      if (view.awaiting !== undefined) lines.push(cut(`    answer with: steady approve ${run}`));
      for (const line of lines) process.stdout.write(`${line}\n`);
      moving = lines.length;
    },
    finish(view: RunView | undefined): void {
      clear();
      if (view) tellSteps(view);
    },
  };
}
