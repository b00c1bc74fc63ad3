import { nearest } from '../../contracts/nearest.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { FieldPath } from '../problems.js';
import type { CrossCheckReport } from './report.js';

/** What deploys go by: jobs and stores that must exist, a migration that runs as the new version. */
export function checkDeploySteps(stack: Stack, report: CrossCheckReport): void {
  const services = Object.keys(stack.services);
  const stores = Object.keys(stack.stores);
  const jobs = Object.keys(stack.jobs ?? {});
  const mustBe = (path: FieldPath, name: string, what: string, names: readonly string[]): void => {
    if (names.includes(name)) return;
    report.error(path, `no such ${what}`, {
      found: JSON.stringify(name),
      allowed: names,
      nearest: nearest(name, names),
    });
  };
  for (const [name, job] of Object.entries(stack.jobs ?? {})) {
    if (job.service !== undefined) mustBe(['jobs', name, 'service'], job.service, 'service', services);
    if (job.service !== undefined && stack.runtime.host !== undefined)
      report.error(
        ['jobs', name, 'service'],
        'the host runtime has no containers: leave it out, and the job runs on the worker’s machine',
      );
  }
  for (const [name, { deploy }] of Object.entries(stack.services)) {
    const at = ['services', name, 'deploy'];
    const { before, migrate } = deploy;
    before?.jobs?.forEach((job, index) => mustBe([...at, 'before', 'jobs', index], job, 'job', jobs));
    before?.backup?.stores.forEach((store, index) =>
      mustBe([...at, 'before', 'backup', 'stores', index], store, 'store', stores),
    );
    if (migrate === undefined) continue;
    mustBe([...at, 'migrate', 'job'], migrate.job, 'job', jobs);
    migrate.backup?.forEach((store, index) =>
      mustBe([...at, 'migrate', 'backup', index], store, 'store', stores),
    );
    const of = stack.jobs?.[migrate.job]?.service;
    if (jobs.includes(migrate.job) && of !== name)
      report.error(
        [...at, 'migrate', 'job'],
        'it does not run as the new version: the job must name this service',
        {
          found: JSON.stringify(of ?? 'no service'),
        },
      );
  }
}
