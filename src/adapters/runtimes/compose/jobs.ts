import { stripVTControlCharacters } from 'node:util';
import { runMerged } from '../run-merged.js';
import type { Job, JobsPort } from '../jobs-port.js';
import { serviceFailure } from '../service-failure.js';
import { containerInspect, containerLogs, containerRemove, engineEnv, type ComposeTarget } from './argv.js';
import { composeRunDetached, containerStart } from './job-argv.js';
import { parseInspect, type Container } from './containers.js';
import { filesOf, PIPED } from './files.js';
import { projectContainers, type RunCommand } from './find-containers.js';
import { overrideText } from './override.js';

interface Engine {
  readonly target: ComposeTarget;
  readonly baseFolder: string;
  readonly run: RunCommand;
}

/** Making a container takes a moment; its image is here, or pulled by who asked. */
const BEGIN_SECONDS = 300;
const LOG_SECONDS = 60;
const LOG_BYTES = 2 ** 20;

const nameOf = (id: string): string => `steady-job-${id}`;

/** Jobs in containers of their own, like those of a service of one compose project. */
export function createComposeJobs({ target, baseFolder, run }: Engine): JobsPort {
  const find = async (id: string, options?: Parameters<RunCommand>[1]): Promise<Container | undefined> => {
    const found = await run(containerInspect(target, [nameOf(id)]), { ...options, okCodes: [0, 1, 125] });
    return found.code === 0 ? parseInspect(found.stdout)[0] : undefined;
  };
  const isNew = (one: Container): boolean => one.startedAt === undefined && one.status !== 'running';

  /** The service as its files say, or as a version of it. */
  const begun = async (job: Job, service: string, options?: Parameters<RunCommand>[1]): Promise<void> => {
    const containers = await projectContainers(target, run, options);
    const project = target.project ?? containers[0]?.labels['com.docker.compose.project'];
    const files =
      job.version === undefined ? target.files : [...filesOf(target, baseFolder, containers), PIPED];
    const argv = composeRunDetached(
      { ...target, files, ...(project !== undefined && { project }) },
      {
        service,
        name: nameOf(job.id),
        labels: [`steady.job=${job.id}`],
        env: { values: job.env, names: Object.keys(job.secrets) },
        argv: job.argv,
      },
    );
    await run(argv, {
      ...options,
      secrets: job.secrets,
      limitSeconds: BEGIN_SECONDS,
      ...(job.version !== undefined && { input: overrideText(service, job.version) }),
    });
  };

  return {
    async begin(job, options) {
      const service = job.service?.container ?? job.service?.name ?? '';
      const there = await find(job.id, options);
      if (there !== undefined && !isNew(there)) return;
      const doing =
        there === undefined ? begun(job, service, options) : run(containerStart(target, there.id), options);
      await doing.catch(serviceFailure(service, 'start'));
    },

    async state({ id }, options) {
      const found = await find(id, options);
      if (found === undefined || isNew(found)) return { state: 'missing' };
      return found.status === 'running' ? { state: 'running' } : { state: 'ended', exit: found.exit ?? 137 };
    },

    async log({ id }, { lines, signal }) {
      const text = await runMerged({
        argv: containerLogs(target, { container: nameOf(id), lines }),
        env: engineEnv(target),
        cwd: baseFolder,
        limitSeconds: LOG_SECONDS,
        maxBytes: LOG_BYTES,
        signal,
      });
      return stripVTControlCharacters(text);
    },

    async remove({ id }, options) {
      const found = await find(id, options);
      if (found !== undefined) await run(containerRemove(target, [found.id]), options);
    },
  };
}
