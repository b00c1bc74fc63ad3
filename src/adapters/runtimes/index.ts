import { join } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { theOne } from '../../contracts/one-of.js';
import type { RuntimeConfig } from '../../contracts/stack/runtime.js';
import { createComposeRuntime } from './compose/compose.js';
import { createHostJobs } from './host/jobs.js';
import { createHostRuntime, type HostRuntimeOptions } from './host/host.js';
import { placedJobs } from './placed-jobs.js';
import { createKubernetesRuntime } from './kubernetes/kubernetes.js';
import type { RuntimePort } from './port.js';

/** The runtime a stack file names; an unknown one throws `config.invalid`. */
export function createRuntime(config: RuntimeConfig, options: HostRuntimeOptions): RuntimePort {
  const own = ownRuntime(config, options);
  const { baseFolder } = options;
  const host = createHostJobs({ baseFolder, jobsFolder: join(baseFolder, '.steady', 'jobs') });
  return { ...own, jobs: placedJobs(host, own.jobs) };
}

function ownRuntime(config: RuntimeConfig, options: HostRuntimeOptions): RuntimePort {
  const runtime = theOne(config);
  switch (runtime.kind) {
    case 'compose':
      return createComposeRuntime({ config: runtime.options, ...options });
    case 'kubernetes':
      return createKubernetesRuntime({ config: runtime.options, ...options });
    case 'host':
      return createHostRuntime(options);
    default:
      throw new SteadyError('config.invalid', {
        field: 'runtime',
        found: String((runtime as { kind: unknown }).kind),
      });
  }
}
