import { WorkflowNotFoundError, type WorkflowExecutionInfo, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { SteadyError, type FailureFacts } from '../contracts/failures.js';
import { parseRunId, PROCEDURES } from '../contracts/ids.js';
import type { SearchAttributeName } from '../contracts/names.js';
import { TIMELINE_QUERY, type ActivityProgress, type Timeline } from '../contracts/runs/timeline.js';
import type { Steady } from './connect.js';
import { resultOf } from './outcome.js';
import { waitsOf, type RunWait, type StepRetry } from '../contracts/runs/waits.js';

export interface RunLine {
  readonly run: string;
  readonly runId: string;
  readonly procedure: string;
  readonly status: string;
  readonly outcome?: string | undefined;
  readonly awaiting?: string | undefined;
  readonly startedAt: string;
  readonly closedAt?: string | undefined;
  /** It looked only, and changed nothing. */
  readonly dryRun: boolean;
  readonly by?: string | undefined;
}

/** Runs people ask for; entities, look-ups and children are left out. */
const HIDDEN = ['look', 'check', 'backup-store', 'hold', 'notify'];

/** Whether a run goes on, has ended, or never was (or longer ago than Temporal keeps runs). */
export async function whereIs(handle: WorkflowHandle): Promise<'open' | 'ended' | 'unknown'> {
  try {
    return (await handle.describe()).status.name === 'RUNNING' ? 'open' : 'ended';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'unknown';
    throw error;
  }
}

export const isOpen = async (handle: WorkflowHandle): Promise<boolean> => (await whereIs(handle)) === 'open';

/** Newest first. `query` is added to the visibility query. */
export async function listRuns(
  steady: Steady,
  options: {
    stack: string;
    limit?: number;
    open?: boolean;
    procedure?: string;
    outcome?: string;
    all?: boolean;
  },
): Promise<RunLine[]> {
  const parts = [`SteadyStack = "${options.stack}"`];
  if (options.open) parts.push('ExecutionStatus = "Running"');
  if (options.outcome) parts.push(`SteadyOutcome = "${options.outcome}"`);
  if (options.procedure) parts.push(`SteadyProcedure = "${options.procedure}"`);
  else if (!options.all) parts.push(...HIDDEN.map((one) => `SteadyProcedure != "${one}"`));
  const lines: RunLine[] = [];
  for await (const info of steady.client.workflow.list({ query: parts.join(' AND ') })) {
    lines.push(lineOf(info));
    if (lines.length >= (options.limit ?? 50)) break;
  }
  return lines;
}

function lineOf(
  info: Pick<
    WorkflowExecutionInfo,
    'workflowId' | 'runId' | 'type' | 'status' | 'startTime' | 'typedSearchAttributes' | 'memo'
  > & { closeTime?: Date | undefined },
): RunLine {
  return {
    run: info.workflowId,
    runId: info.runId,
    procedure: attribute(info, 'SteadyProcedure') ?? info.type,
    status: info.status.name.toLowerCase(),
    outcome: attribute(info, 'SteadyOutcome'),
    awaiting: attribute(info, 'SteadyAwaiting'),
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString(),
    dryRun: info.memo?.['dryRun'] === true,
    by: typeof info.memo?.['by'] === 'string' ? info.memo['by'] : undefined,
  };
}

function attribute(
  info: Pick<WorkflowExecutionInfo, 'typedSearchAttributes'>,
  name: SearchAttributeName,
): string | undefined {
  return info.typedSearchAttributes.get(defineSearchAttributeKey(name, SearchAttributeType.KEYWORD));
}

/** The run of exactly this workflow id; undefined where there is none, and for entities: they are no runs. */
export async function exactRun(
  steady: Steady,
  stack: string,
  run: string,
): Promise<WorkflowHandle | undefined> {
  const parts = parseRunId(run);
  if (parts?.stack !== stack || !PROCEDURES.some((one) => one === parts.procedure)) return undefined;
  const handle = steady.client.workflow.getHandle(run);
  return (await whereIs(handle)) === 'unknown' ? undefined : handle;
}

/**
 * The run meant by a workflow id or a unique ending of it; of runs that end alike the ones people ask for come first.
 * Entities are no runs. Throws `run.unknown`.
 */
export async function findRun(steady: Steady, stack: string, text: string): Promise<WorkflowHandle> {
  const unknown = (facts: FailureFacts = {}) => new SteadyError('run.unknown', { run: text, ...facts });
  const exact = await exactRun(steady, stack, text);
  if (exact !== undefined) return exact;
  if (text.trim() === '') throw unknown();
  const found = (await listRuns(steady, { stack, limit: 1000, all: true })).filter((one) =>
    one.run.endsWith(text),
  );
  const asked = found.filter((one) => !HIDDEN.includes(one.procedure));
  const ids = [...new Set((asked.length > 0 ? asked : found).map((one) => one.run))];
  const [first, second] = ids;
  if (first === undefined) throw unknown();
  if (second !== undefined) throw unknown({ error: `${ids.length} runs end so`, first, second });
  return steady.client.workflow.getHandle(first);
}

export interface RunView extends RunLine {
  readonly timeline?: Timeline | undefined;
  readonly progress: readonly ActivityProgress[];
  /** What it waits for that its timeline cannot know: a worker, another attempt. */
  readonly waits: readonly RunWait[];
  /** What a finished run gave, or why it did not. */
  readonly result?: unknown;
  readonly failure?: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
}

/** Its timeline comes from a worker; without one the rest is shown. */
const ANSWER_MS = 5000;

/** A run as it stands: its timeline, and what its activities (and its children's) say in their heartbeats. */
export async function viewRun(steady: Steady, handle: WorkflowHandle): Promise<RunView> {
  const description = await handle.describe();
  const timeline = await steady.client
    .withDeadline(Date.now() + ANSWER_MS, () => handle.query<Timeline>(TIMELINE_QUERY))
    .catch(() => undefined);
  const line = { ...lineOf(description), timeline };
  if (description.status.name === 'RUNNING') {
    const { progress, waits } = await progressOf(steady, handle);
    const silent = timeline === undefined && waits.length === 0;
    return { ...line, progress, waits: silent ? [{ words: 'a worker: none answers' }] : waits };
  }
  const ended = { ...line, progress: [], waits: [] };
  try {
    return { ...ended, result: await resultOf(handle) };
  } catch (error) {
    if (!(error instanceof SteadyError)) throw error;
    return { ...ended, failure: { code: error.code, message: error.message, hint: error.hint } };
  }
}

type Doing = Pick<RunView, 'progress' | 'waits'>;

/** What of an open run failed and is tried again, its children's too. */
export async function retriesOf(steady: Steady, run: string): Promise<StepRetry[]> {
  const { waits } = await progressOf(steady, steady.client.workflow.getHandle(run));
  return waits.flatMap(({ retry }) => (retry === undefined ? [] : [retry]));
}

/** What a run and its children do and wait for now. */
async function progressOf(steady: Steady, handle: WorkflowHandle): Promise<Doing> {
  const { raw } = await handle.describe();
  const own = (raw.pendingActivities ?? []).flatMap((pending) => {
    const payload = pending.heartbeatDetails?.payloads?.[0];
    return payload ? [defaultPayloadConverter.fromPayload<ActivityProgress>(payload)] : [];
  });
  const ids = (raw.pendingChildren ?? []).flatMap((child) => (child.workflowId ? [child.workflowId] : []));
  const children = await Promise.all(
    ids.map(async (id): Promise<Doing> => {
      // A child that has just ended has no progress left to tell.
      return await progressOf(steady, steady.client.workflow.getHandle(id)).catch(() => ({
        progress: [],
        waits: [],
      }));
    }),
  );
  return {
    progress: [...own, ...children.flatMap((one) => one.progress)],
    waits: [...waitsOf(raw), ...children.flatMap((one) => one.waits)],
  };
}
