import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { Version } from '../../activities/deploy/versions.js';
import { digestOf } from '../../contracts/canonical.js';
import type { JobDone } from '../../contracts/runs/jobs.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Run } from '../shared/run.js';

/** Runs a job of the stack file to its end as a step, and leaves nothing of it, however it ends. */
export async function runJob(
  run: Run,
  of: { readonly snapshot: StackSnapshot; readonly job: string; readonly version?: Version | undefined },
): Promise<JobDone> {
  const { job, version } = of;
  const id = `${job}-${digestOf([workflowInfo().workflowId, job, version?.revision ?? null]).slice(0, 12)}`;
  const call = { ...of, id };
  try {
    return await run.step(`Run job ${job}`, async (note) => {
      const done = await run.activities.change.runJob(call);
      done.lines.forEach(note);
      return done;
    });
  } finally {
    await CancellationScope.nonCancellable(() => run.activities.undo.removeJob(call));
  }
}
