import type { WorkflowExecutionDescription } from '@temporalio/client';

type Raw = WorkflowExecutionDescription['raw'];
type PendingActivity = NonNullable<Raw['pendingActivities']>[number];
type Time = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

/** What a run waits for that its own timeline cannot know. */
export interface RunWait {
  /** The same as long as it is the same that is waited for: without how long, or until when. */
  readonly words: string;
  /** RFC 3339. */
  readonly since?: string | undefined;
  /** A step that failed and is tried again. */
  readonly retry?: StepRetry | undefined;
}

export interface StepRetry {
  readonly step: string;
  /** The attempt that runs now or is next; the first is 1. */
  readonly attempt: number;
  /** What the attempt before died of. */
  readonly failure: string;
  /** When the next one begins, RFC 3339; left out while one runs. */
  readonly next?: string | undefined;
}

/** Shorter waits than this are the ordinary course of things. */
const MOMENT_MS = 3000;
/** PENDING_ACTIVITY_STATE_SCHEDULED: no worker has taken it. */
const SCHEDULED = 1;

/** A worker that does not come, an attempt that failed and is tried again: in words, from Temporal's description. */
export function waitsOf(raw: Raw, now = Date.now()): RunWait[] {
  const waits: RunWait[] = [];
  const task = raw.pendingWorkflowTask;
  const taskSince = millis(task?.scheduledTime);
  if (task && !task.startedTime && taskSince !== undefined && now - taskSince > MOMENT_MS)
    waits.push({ words: 'a worker: none takes the run on', since: iso(taskSince) });
  for (const activity of raw.pendingActivities ?? []) {
    const wait = activityWait(activity, now);
    if (wait !== undefined) waits.push(wait);
  }
  return waits;
}

function activityWait(activity: PendingActivity, now: number): RunWait | undefined {
  const step = activity.activityType?.name ?? 'a step';
  const failed = activity.lastFailure?.message;
  const attempt = activity.attempt ?? 1;
  if (failed && attempt > 1) {
    const at = millis(activity.nextAttemptScheduleTime);
    const next = at !== undefined && at > now ? { next: iso(at) } : {};
    return {
      words: `${step}, attempt ${attempt}; the last one: ${failed}`,
      retry: { step, attempt, failure: failed, ...next },
    };
  }
  const since = millis(activity.scheduledTime);
  if (Number(activity.state) === SCHEDULED && since !== undefined && now - since > MOMENT_MS)
    return { words: `a worker for ${step}`, since: iso(since) };
  return undefined;
}

function millis(time: Time): number | undefined {
  return time ? Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6 : undefined;
}

const iso = (time: number): string => new Date(time).toISOString();
