import { SteadyError } from '../../contracts/failures.js';
import type { JobPlace, JobsPort } from './jobs-port.js';

/** Jobs of a service go where its runtime has them, all others to this host. */
export function placedJobs(host: JobsPort, own: JobsPort | undefined): JobsPort {
  const of = ({ service }: JobPlace): JobsPort => {
    if (service === undefined) return host;
    if (own === undefined)
      throw new SteadyError('config.invalid', {
        service: service.name,
        error: 'its runtime has no containers: leave service out, and the job runs on the worker’s machine',
      });
    return own;
  };
  return {
    begin: async (job, options) => of(job).begin(job, options),
    state: async (job, options) => of(job).state(job, options),
    log: async (job, options) => of(job).log(job, options),
    remove: async (job, options) => of(job).remove(job, options),
  };
}
