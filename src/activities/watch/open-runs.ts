import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { parseRunId, PROCEDURES, scheduleId, type Procedure } from '../../contracts/ids.js';
import type { Finding } from '../../contracts/runs/watch.js';
import { waitsOf } from '../../contracts/runs/waits.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { formatDuration } from '../../contracts/stack/units.js';

/** Short ones, and those that tell: they would tell of themselves for ever. */
const NOT_WATCHED: readonly Procedure[] = ['check', 'look', 'notify'];
const WATCHED: readonly string[] = PROCEDURES.filter((one) => !NOT_WATCHED.includes(one));

/** What a run may take beyond its limit, to put back what it began. Seconds. */
const MARGIN = 900;
/** Attempts after which a step, or Temporal's own task, is not getting better by itself: about five minutes. */
const ATTEMPTS = 12;

/** Open runs that do not get on, and why. */
export async function stuckRuns(client: Client, stack: Stack, now: number): Promise<Finding[]> {
  const query = `SteadyStack = "${stack.stack}" AND ExecutionStatus = "Running"`;
  const findings: Finding[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    if (!WATCHED.includes(parseRunId(workflowId)?.procedure ?? '')) continue;
    const described = await describe(client, workflowId, runId);
    const reasons = described === undefined ? [] : stuckReasons(described, stack, now);
    if (reasons.length === 0) continue;
    findings.push({
      ...{ key: `stuck.${runId}`, event: 'stuck', title: `${workflowId} does not get on`, lines: reasons },
      next: [`steady show ${workflowId}`, `steady cancel ${workflowId}`],
    });
  }
  return findings;
}

async function describe(client: Client, workflowId: string, runId: string) {
  try {
    const described = await client.workflow.getHandle(workflowId, runId).describe();
    return described.status.name === 'RUNNING' ? described : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Why an open run does not get on, in words; none for one that does. */
export function stuckReasons(
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'startTime' | 'raw'>,
  stack: Stack,
  now: number,
): string[] {
  const { workflowId, startTime, raw } = run;
  const reasons = waitsOf(raw, now).flatMap(({ words, since, retry }) => {
    if (retry !== undefined) return retry.attempt >= ATTEMPTS ? [words] : [];
    const waited = since === undefined ? 0 : (now - Date.parse(since)) / 1000;
    return waited > stack.limits.worker ? [`waits for ${words}, for ${formatDuration(waited)}`] : [];
  });
  const attempts = raw.pendingWorkflowTask?.attempt ?? 0;
  if (attempts >= ATTEMPTS)
    reasons.push(`no worker can go on with it, after ${attempts} attempts: the worker's log says why`);
  const open = (now - startTime.getTime()) / 1000;
  const limit = limitOf(stack, workflowId);
  // What a restore replaced is held for days.
  if (parseRunId(workflowId)?.procedure !== 'hold' && open > limit + MARGIN)
    reasons.push(`open for ${formatDuration(open)}, and its limit is ${formatDuration(limit)}`);
  return reasons;
}

/** Of its plan; without one the longest it can have, in seconds. */
function limitOf(stack: Stack, workflowId: string): number {
  const planned = Object.entries(stack.plans).find(([name]) =>
    workflowId.startsWith(`${scheduleId('backup', stack.stack, name)}-`),
  );
  if (planned !== undefined) return planned[1].limit;
  return Math.max(stack.limits.run, ...Object.values(stack.plans).map((plan) => plan.limit));
}
