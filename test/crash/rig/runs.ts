import type { temporal } from '@temporalio/proto';
import { listRuns, viewRun, type RunView } from '../../../src/client/runs.js';
import type { Step } from '../../../src/contracts/runs/timeline.js';
import type { CrashStack } from './stack.js';
import { waitFor } from './wait-for.js';

type Pending = temporal.api.workflow.v1.IPendingActivityInfo;

export async function viewOf(stack: CrashStack, run: string): Promise<RunView> {
  const steady = await stack.client();
  return await viewRun(steady, steady.client.workflow.getHandle(run));
}

export async function stepsOf(stack: CrashStack, run: string): Promise<readonly Step[]> {
  return (await viewOf(stack, run)).timeline?.steps ?? [];
}

/** The run of this procedure that is open now; waits until there is one. */
export async function openRun(stack: CrashStack, procedure: string): Promise<string> {
  const steady = await stack.client();
  return await waitFor(
    `a run of ${procedure}`,
    async () => (await listRuns(steady, { stack: 'crash', open: true, procedure }))[0]?.run,
  );
}

/** Waits until a step whose title begins so is running (or has been). */
export async function untilStep(stack: CrashStack, run: string, title: string): Promise<void> {
  await waitFor(
    `step ${title}`,
    async () => (await stepsOf(stack, run)).some((one) => one.title.startsWith(title)),
    {
      every: 20,
    },
  );
}

/** Activities a worker has taken, of a run and its children, from Temporal alone: no worker is asked. */
export async function startedActivities(stack: CrashStack, run: string): Promise<Pending[]> {
  const { client } = await stack.client();
  const { raw } = await client.workflow.getHandle(run).describe();
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map((child) =>
      startedActivities(stack, child.workflowId ?? '').catch(() => []),
    ),
  );
  // 2 is PENDING_ACTIVITY_STATE_STARTED.
  return [...(raw.pendingActivities ?? []).filter((one) => Number(one.state) === 2), ...children.flat()];
}

export async function untilStarted(
  stack: CrashStack,
  run: string,
  activity: string,
  attempt = 1,
): Promise<Pending> {
  return await waitFor(
    `${activity}, attempt ${attempt}`,
    async () =>
      (await startedActivities(stack, run)).find(
        (one) => one.activityType?.name === activity && (one.attempt ?? 0) >= attempt,
      ),
    { every: 20 },
  );
}

/** Waits for the end of a run; gives its outcome and timeline. */
export async function ended(stack: CrashStack, run: string, seconds = 120): Promise<RunView> {
  const { client } = await stack.client();
  await waitFor(
    `the end of ${run}`,
    async () => (await client.workflow.getHandle(run).describe()).status.name !== 'RUNNING',
    { seconds, every: 100 },
  );
  return await viewOf(stack, run);
}

const RESUME_SECONDS = 15;

/**
 * Waits for the next attempt of an interrupted activity; gives the seconds from the start of the worker that runs now to
 * the moment that attempt began, and prints them. Throws when it took longer than it may.
 */
export async function resumed(
  stack: CrashStack,
  run: string,
  activity: string,
  attempt = 2,
): Promise<number> {
  const pending = await untilStarted(stack, run, activity, attempt);
  const { seconds = 0, nanos = 0 } = pending.lastStartedTime ?? {};
  const took = Number(seconds) + Number(nanos) / 1e9 - stack.steady.workerSince() / 1000;
  console.log(`resumed ${activity}: ${took.toFixed(1)} s after the worker's restart`);
  if (took > RESUME_SECONDS)
    throw new Error(`${activity} ran again only ${took.toFixed(1)} s after the worker's restart`);
  return took;
}
