import { WorkflowFailedError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { leavesRecord, parseRunId } from '../../contracts/ids.js';
import type { EndedRun, WatchState } from '../../contracts/runs/watch.js';

/** How far back a first look goes: whoever ended a run by hand may have ended its watch as well. */
const FIRST_LOOK_MS = 86_400_000;
/** Temporal's lists lag behind what has happened. */
const LAG_MS = 3_600_000;
const LONGEST_WHY = 500;

/**
 * Runs that closed since the last look and could not tell it themselves: terminated, timed out by Temporal, or ended by
 * it before they had marked how. Those that were told are left out.
 */
export async function endedRuns(
  client: Client,
  stack: string,
  before: { readonly now: number; readonly last: WatchState['ended'] },
): Promise<EndedRun[]> {
  const { now, last } = before;
  const from = new Date(last === undefined ? now - FIRST_LOOK_MS : Date.parse(last.at) - LAG_MS);
  const query = [
    `SteadyStack = "${stack}"`,
    `CloseTime > "${from.toISOString()}"`,
    '(ExecutionStatus IN ("Terminated", "TimedOut") OR SteadyOutcome IS NULL)',
  ].join(' AND ');
  const ended: EndedRun[] = [];
  for await (const { workflowId, runId, status, memo } of client.workflow.list({ query })) {
    const procedure = parseRunId(workflowId)?.procedure ?? '';
    if (!leavesRecord(procedure) || memo?.['dryRun'] === true || last?.told.includes(runId)) continue;
    const by = typeof memo?.['by'] === 'string' ? memo['by'] : 'unknown';
    const why = await whyOf(client, { workflowId, runId });
    ended.push({ workflowId, runId, procedure, by, how: wordOf(status), why });
  }
  // Oldest first, as they came about.
  return ended.reverse();
}

const wordOf = (status: WorkflowExecutionInfo['status']): string =>
  status.name.toLowerCase().replaceAll('_', ' ');

/** Read of the run's last event alone. */
async function whyOf(
  client: Client,
  run: { readonly workflowId: string; readonly runId: string },
): Promise<string> {
  try {
    await client.workflow.getHandle(run.workflowId, run.runId, { followRuns: false }).result();
    return 'it ended well, as Temporal has it';
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return (error.cause?.message ?? error.message).slice(0, LONGEST_WHY);
  }
}
