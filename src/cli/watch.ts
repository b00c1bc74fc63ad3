import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Steady } from '../client/connect.js';
import { resultOf } from '../client/outcome.js';
import { viewRun } from '../client/runs.js';
import type { ActivityProgress, Step } from '../contracts/runs/timeline.js';
import { bytesText, secondsText, type Output } from './output.js';

const LOOK_MS = 500;

/**
 * Follows a run to its end: each step once it begins and ends, and below them, on a terminal, a moving line per
 * transfer with bytes, rate and time left. In a pipe the steps are plain lines. Ctrl-C leaves the run running.
 */
export async function watchRun<T>(steady: Steady, handle: WorkflowHandle, output: Output): Promise<T> {
  const ended = resultOf<T>(handle).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let over = false;
  void ended.then(() => (over = true));
  const screen = createScreen(output);
  while (!over) {
    const view = await viewRun(steady, handle).catch(() => undefined);
    if (view?.timeline) screen.show(view.timeline.steps, view.progress, view.timeline.waiting);
    await Promise.race([ended, sleep(LOOK_MS)]);
  }
  const last = await viewRun(steady, handle).catch(() => undefined);
  screen.finish(last?.timeline?.steps ?? []);
  const end = await ended;
  if ('error' in end) throw end.error;
  return end.value;
}

function createScreen(output: Output) {
  const told = new Map<string, string>();
  let moving = 0;
  let waited: string | undefined;
  const { color } = output;

  const clear = (): void => {
    if (moving > 0) process.stdout.write(`\u001B[${moving}A\u001B[J`);
    moving = 0;
  };
  const tellSteps = (steps: readonly Step[]): void => {
    steps.forEach((step, at) => {
      const key = `${at} ${step.title}`;
      if (step.status === 'running' || told.get(key) === step.status) return;
      told.set(key, step.status);
      const seconds = step.endedAt ? (Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000 : 0;
      const sign = step.status === 'done' ? color.green('✓') : color.red('✗');
      output.line(`${sign} ${step.title} ${color.dim(`(${secondsText(seconds)})`)}`);
      for (const note of step.notes) output.line(`    ${note}`);
      if (step.failure) output.line(`    ${color.red(step.failure.message)}`);
    });
  };
  return {
    show(steps: readonly Step[], progress: readonly ActivityProgress[], waiting: string | undefined): void {
      if (output.json) return;
      clear();
      tellSteps(steps);
      if (waiting !== undefined && waiting !== waited)
        output.line(`${color.yellow('…')} waiting: ${waiting}`);
      waited = waiting;
      if (!output.live) return;
      const lines = [
        ...steps
          .filter((step) => step.status === 'running')
          .map((step) => `${color.cyan('…')} ${step.title}`),
        ...progress.filter((one) => one.bytes > 0).map((one) => `    ${progressLine(one)}`),
      ];
      for (const line of lines) process.stdout.write(`${line}\n`);
      moving = lines.length;
    },
    finish(steps: readonly Step[]): void {
      if (output.json) return;
      clear();
      tellSteps(steps);
    },
  };
}

/** `db  120.4 MiB of 300.0 MiB, 45.1 MiB/s, 4 s left`. */
export function progressLine(one: ActivityProgress, now = Date.now()): string {
  const seconds = Math.max(0.1, (now - Date.parse(one.startedAt)) / 1000);
  const rate = one.bytes / seconds;
  const parts = [
    `${bytesText(one.bytes)}${one.totalBytes === undefined ? '' : ` of about ${bytesText(one.totalBytes)}`}`,
    `${bytesText(rate)}/s`,
  ];
  if (one.totalBytes !== undefined && rate > 0 && one.totalBytes > one.bytes)
    parts.push(`${secondsText((one.totalBytes - one.bytes) / rate)} left`);
  return `${one.store ?? one.title}  ${parts.join(', ')}`;
}
