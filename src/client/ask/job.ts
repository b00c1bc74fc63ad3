import type { WorkflowHandle } from '@temporalio/client';
import { jobRequest, type JobInput } from '../../contracts/runs/jobs.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { startAsked, type Asking } from './asking.js';

export type JobAsked = Omit<JobInput, keyof RunInput | 'token'>;

/** Starts a job of the stack file. */
export async function startJob(asking: Asking, asked: JobAsked): Promise<WorkflowHandle> {
  const { service } = asking.snapshot.stack.jobs?.[asked.job] ?? {};
  return await startAsked(asking, {
    procedure: 'job',
    asked,
    toSign: jobRequest,
    policy: 'jobs',
    targets: service === undefined ? [] : [service],
  });
}
