import type { WorkflowHandle } from '@temporalio/client';
import type { z } from 'zod';
import { askedBy } from '../client/approvals.js';
import type { Steady } from '../client/connect.js';
import { viewRun } from '../client/runs.js';
import { exitCodeOf } from '../contracts/exit-code.js';
import { isFailureCode } from '../contracts/failures.js';
import type { ApprovalState } from '../contracts/runs/approval.js';
import type { approvalSchema, runSchema } from './routes/shapes.js';

/** A run as the API shows it. */
export async function runOf(steady: Steady, handle: WorkflowHandle): Promise<z.infer<typeof runSchema>> {
  const view = await viewRun(steady, handle);
  const asked = view.awaiting === undefined ? undefined : await askedBy(handle).catch(() => undefined);
  const { failure } = view;
  const ended = view.status !== 'running';
  return {
    ...view,
    timeline: view.timeline && { ...view.timeline, steps: view.timeline.steps.map((step) => ({ ...step })) },
    progress: view.progress.map((one) => ({ ...one })),
    waits: view.waits.map((one) => ({ ...one })),
    ended,
    ...(ended && { exit: failure === undefined ? 0 : exitOf(failure.code) }),
    ...(asked?.status === 'waiting' && { approval: approvalOf(asked) }),
  };
}

const exitOf = (code: string): number => (isFailureCode(code) ? exitCodeOf(code) : 1);

/** What is asked, without keys and signatures: those are for `steady evidence`. */
export function approvalOf({
  status,
  digest,
  proposal,
  decisions,
}: ApprovalState): z.infer<typeof approvalSchema> {
  return {
    status,
    digest,
    proposal: { ...proposal, lines: [...proposal.lines] },
    decisions: decisions.map(({ decision }) => ({ ...decision })),
  };
}
