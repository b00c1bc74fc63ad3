import type { Version } from '../../activities/deploy/versions.js';
import type { DeployInput } from '../../contracts/runs/deploy.js';
import { runJob } from '../job/run-job.js';
import type { Run } from '../shared/run.js';
import { isNew, type ServicePlan } from './plan.js';

/** What the stack file wants to be so before a service becomes another version. */
export async function goThrough(
  run: Run,
  { snapshot }: DeployInput,
  plan: ServicePlan,
  version: Version,
): Promise<void> {
  const { service } = plan;
  const before = snapshot.stack.services[service]?.deploy.before;
  if (before === undefined || !isNew(plan)) return;
  const { disk, memory, secrets, jobs = [] } = before;
  const { change } = run.activities;
  if (secrets === true)
    await run.step(`Look at the secrets for ${service}`, () =>
      change.requireOwnSecrets({ snapshot, service }),
    );
  if (disk !== undefined || memory !== undefined)
    await run.step(`Look for room for ${service}`, async (note) => {
      note(await change.requireRoom({ snapshot, service, disk, memory }));
    });
  for (const job of jobs) {
    const own = snapshot.stack.jobs?.[job]?.service === service;
    await runJob(run, { snapshot, job, ...(own && { version }) });
  }
}
