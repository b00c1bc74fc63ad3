import type { RunView } from '../client/runs.js';
import type { RunWait } from '../contracts/runs/waits.js';
import type { ActivityProgress, Step } from '../contracts/runs/timeline.js';
import type { Output } from './output.js';
import { bytesText, secondsText } from './words.js';

type Color = Output['color'];

/** A step with its notes, a line each: `✓ db: Load into shop_new (12 s)`. */
export function stepLines(step: Step, color: Color, now = Date.now()): string[] {
  const seconds = ((step.endedAt ? Date.parse(step.endedAt) : now) - Date.parse(step.startedAt)) / 1000;
  const sign = {
    running: color.cyan('…'),
    done: color.green('✓'),
    failed: color.red('✗'),
    undone: color.yellow('↺'),
  }[step.status];
  const took = step.status === 'running' ? `for ${secondsText(seconds)}` : secondsText(seconds);
  return [
    `${sign} ${step.title} ${color.dim(`(${took})`)}`,
    ...step.notes.map((note) => `    ${note}`),
    ...(step.failure ? [`    ${color.red(step.failure.message)}`] : []),
  ];
}

/** What moves and what is waited for, below the steps. */
export function nowLines(
  view: Pick<RunView, 'progress' | 'waits' | 'timeline'>,
  color: Color,
  now = Date.now(),
): string[] {
  return [
    ...view.progress.filter((one) => one.bytes > 0).map((one) => `    ${progressLine(one, now)}`),
    ...view.progress
      .filter((one) => one.bytes === 0 && one.line !== undefined)
      .map((one) => `    ${one.store ?? one.title}  ${one.line}`),
    ...waitLines(view, color, now),
  ];
}

export function waitLines(
  view: Pick<RunView, 'waits' | 'timeline'>,
  color: Color,
  now = Date.now(),
): string[] {
  const waiting = view.timeline?.waiting;
  return [...(waiting === undefined ? [] : [waiting]), ...view.waits.map((wait) => waitWords(wait, now))].map(
    (words) => `${color.yellow('…')} waiting for ${words}`,
  );
}

function waitWords({ words, since, retry }: RunWait, now: number): string {
  if (since !== undefined) return `${words}, for ${secondsText((now - Date.parse(since)) / 1000)}`;
  if (retry?.next === undefined) return words;
  const left = Math.max(0, Math.ceil((Date.parse(retry.next) - now) / 1000));
  return `${retry.step}, attempt ${retry.attempt}, next in ${left} s; the last one: ${retry.failure}`;
}

/** `db  120.4 MiB of about 300.0 MiB, 45.1 MiB/s, 4.0 s left`. */
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
