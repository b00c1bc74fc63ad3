import { watchEntityId } from '../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { WATCH_SIGNAL, type WatchInput } from '../contracts/runs/watch.js';
import type { Steady } from './connect.js';

/** Has the stack watched as it is applied, from now on; the watch that runs hears of it. */
export async function startWatch(steady: Steady, snapshot: StackSnapshot): Promise<void> {
  const input: WatchInput = { snapshot };
  await steady.client.workflow.signalWithStart('watch', {
    workflowId: watchEntityId(snapshot.stack.stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [input],
    signal: WATCH_SIGNAL,
    signalArgs: [snapshot],
  });
}
