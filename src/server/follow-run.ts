import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../client/abortable.js';
import type { Steady } from '../client/connect.js';
import { reaching } from './api.js';
import { problemOf } from './problem.js';
import { runOf } from './run-view.js';

/** How often a run is looked at for those who watch it. */
const LOOK_MS = 1000;
/** Something is said at least so often: what stands between closes connections that are silent. */
const SILENCE_MS = 15_000;

/** Waits for the end of a run, as long as somebody listens. */
export async function untilEnded(
  steady: Steady,
  handle: WorkflowHandle,
  { seconds, stop }: { readonly seconds: number; readonly stop: AbortSignal },
): Promise<void> {
  if (seconds === 0) return;
  const over = AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000)]);
  // How it ended, and that nobody waits any more, is seen when it is looked at.
  await abortable(steady, over, () => handle.result()).catch(() => undefined);
}

/** Server-sent events (HTML Living Standard, 9.2). Each is the whole run, so one that was missed is no loss. */
export async function* eventsOf(
  steady: Steady,
  handle: WorkflowHandle,
  stop: AbortSignal,
): AsyncGenerator<string> {
  let before = '';
  let last = Date.now();
  while (!stop.aborted) {
    let told: string | undefined;
    try {
      const view = await reaching(steady, () => runOf(steady, handle));
      const data = JSON.stringify(view);
      if (view.ended) {
        yield `event: end\ndata: ${data}\n\n`;
        return;
      }
      if (data !== before) told = `event: run\ndata: ${data}\n\n`;
      before = data;
    } catch (error) {
      // Temporal may be away for a while: the run goes on, and so does whoever watches it.
      const data = JSON.stringify(problemOf(error));
      if (data !== before) told = `event: problem\ndata: ${data}\n\n`;
      before = data;
    }
    if (told === undefined && Date.now() - last > SILENCE_MS) told = ': still there\n\n';
    if (told !== undefined) {
      last = Date.now();
      yield told;
    }
    await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
