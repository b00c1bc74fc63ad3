import type { Version } from '../../activities/deploy/versions.js';
import { digestOf } from '../../contracts/canonical.js';
import { jobRequest, type JobDone, type JobInput } from '../../contracts/runs/jobs.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { askInStep } from '../shared/ask-in-step.js';
import { requireKnownRequester } from '../shared/requester.js';
import { runProcedure, type Run } from '../shared/run.js';
import { fail } from '../shared/failures.js';
import { seeServices } from '../deploy/see.js';
import { runningVersion } from '../deploy/version-of.js';
import { runJob } from './run-job.js';

/** A one-off job of the stack file, by hand: as its service runs now, while nobody changes that service. */
export async function job(input: JobInput): Promise<JobDone> {
  const { snapshot, job: name } = input;
  const { stack } = snapshot;
  const config = stack.jobs?.[name];
  if (config === undefined) throw fail('config.invalid', { job: name, error: 'not in the stack' });
  const options = { procedure: 'job', limitSeconds: stack.limits.run, record: true } as const;

  return await runProcedure(input, options, async (run) => {
    const policy = stack.approvals.jobs;
    if (policy) requireKnownRequester(run, input, { request: jobRequest(input), policy });
    const { service } = config;
    const lines = [
      `${config.command.join(' ')}, ${service === undefined ? 'on the worker’s machine' : `in a container like those of ${service}`}`,
    ];
    if (policy)
      await askInStep(run, {
        step: 'job',
        title: `job ${name} of ${stack.stack}`,
        lines,
        facts: { config: snapshot.configSha256, lines: digestOf(lines) },
        policy,
      });
    await run.locks.take([service ?? `job-${name}`], () => ({
      mode: 'exclusive',
      priority: 'deploy',
      purpose: `job ${name} asked by ${input.by.name}`,
    }));
    const version = service === undefined ? undefined : await versionNow(run, { snapshot, service });
    return await runJob(run, { snapshot, job: name, version });
  });
}

/** As what it runs now, where that is a revision: its files may say something else. */
async function versionNow(
  run: Run,
  { snapshot, service }: { readonly snapshot: StackSnapshot; readonly service: string },
): Promise<Version | undefined> {
  return await run.step(`Look as what ${service} runs`, async (note) => {
    await run.activities.look.openStack(snapshot);
    const [seen] = await seeServices(run, { snapshot, services: [service] });
    const now = seen && runningVersion(seen);
    if (now?.revision === undefined) return undefined;
    note(`revision ${now.revision}`);
    return { image: now.image, settings: now.settings, revision: now.revision };
  });
}
