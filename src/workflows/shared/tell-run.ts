import { workflowInfo } from '@temporalio/workflow';
import { FAILURES, isFailureCode } from '../../contracts/failures.js';
import type { Message } from '../../contracts/runs/message.js';
import type { ApprovalState } from '../../contracts/runs/approval.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import type { Step, Timeline } from '../../contracts/runs/timeline.js';
import { tell } from './tell.js';

const MOST_LINES = 20;
const LONGEST_LINE = 500;
/** Its end may say how to put data back. */
const LONGEST_FAILURE = 8000;

interface Ended {
  readonly outcome: string;
  readonly failure?: { readonly code: string; readonly message: string } | undefined;
}

/** Tells how a run ended: `proof` where a proof failed, `failed` for all else but `done`. */
export async function tellEnd(input: RunInput, { procedure, steps }: Timeline, end: Ended): Promise<void> {
  const { outcome, failure } = end;
  const { stack } = input.snapshot.stack;
  const proof = steps.some((one) => one.failure?.code === 'verify.failed');
  const event = outcome === 'done' ? 'done' : proof ? 'proof' : 'failed';
  const run = { ...runNow(input, procedure), outcome };
  await tell(input, {
    id: `${run.runId}.ended`,
    event,
    title: `${procedure} of ${stack} ${proof && outcome === 'failed' ? 'failed: a proof did not pass' : outcome}`,
    lines: shortened(outcome === 'done' ? steps.flatMap(notesOf) : steps.flatMap(failureLine)),
    next: outcome === 'done' ? [] : [`steady show ${run.workflowId}`],
    run,
    ...(failure && {
      failure: { ...failure, message: cut(failure.message, LONGEST_FAILURE), hint: hintOf(failure.code) },
    }),
  });
}

/** Tells those who may answer that an approval is asked. */
export async function tellAsked(input: RunInput, procedure: string, state: ApprovalState): Promise<void> {
  const { proposal, digest } = state;
  const run = runNow(input, procedure);
  await tell(input, {
    id: `${run.runId}.asked.${digest.slice(0, 16)}`,
    event: 'approval',
    title: `approval asked: ${proposal.title}`,
    lines: shortened(proposal.lines),
    next: [
      `steady show ${run.workflowId}`,
      `steady approve ${run.workflowId}`,
      `steady deny ${run.workflowId}`,
    ],
    run,
    asked: {
      from: proposal.from,
      count: proposal.count,
      of: Object.keys(state.keys ?? {}),
      until: proposal.expiresAt,
      digest,
    },
  });
}

/** Tells, once nobody has to be asked any more and before anything is stopped, that a change begins. */
export async function tellNotice(
  input: RunInput,
  procedure: string,
  change: { readonly title: string; readonly stops: readonly string[]; readonly lines: readonly string[] },
): Promise<void> {
  const run = runNow(input, procedure);
  const stops = change.stops.length === 0 ? [] : [`stops meanwhile: ${change.stops.join(', ')}`];
  await tell(input, {
    id: `${run.runId}.begins`,
    event: 'notice',
    title: change.title,
    lines: shortened([...stops, ...change.lines]),
    next: [`steady show ${run.workflowId} --watch`],
    run,
  });
}

function runNow(input: RunInput, procedure: string): NonNullable<Message['run']> {
  const { workflowId, runId } = workflowInfo();
  return { workflowId, runId, procedure, by: input.by.name };
}

const notesOf = (step: Step): string[] => step.notes.map((note) => `${step.title}: ${note}`);

const failureLine = ({ title, failure }: Step): string[] =>
  failure === undefined ? [] : [`✗ ${title}: ${failure.message}`];

const hintOf = (code: string): string => (isFailureCode(code) ? FAILURES[code].hint : '');

const cut = (line: string, most = LONGEST_LINE): string =>
  line.length > most ? `${line.slice(0, most)} …` : line;

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - MOST_LINES;
  const some = lines.slice(0, MOST_LINES).map((line) => cut(line));
  return more > 0 ? [...some, `… and ${more} more`] : some;
}
