import { SteadyError } from '../../../contracts/failures.js';
import type { Image } from '../../../contracts/stored/revision.js';
import type { CallOptions, InstancesPort, ServiceHandle } from '../port.js';
import { serviceFailure } from '../service-failure.js';
import {
  composeConfig,
  composeScale,
  containerRemove,
  containerStop,
  imageInspect,
  imagePull,
  imageTag,
  type ComposeTarget,
} from './argv.js';
import { REVISION_LABEL, type Container } from './containers.js';
import { filesOf, PIPED } from './files.js';
import { projectContainers, type RunCommand } from './find-containers.js';
import { imageIn } from './images.js';
import { obstaclesIn } from './obstacles.js';
import { overrideText } from './override.js';

interface Engine {
  readonly target: ComposeTarget;
  readonly baseFolder: string;
  readonly run: RunCommand;
}

/** What the engine may need beyond the drain time, in seconds. */
const ENGINE_SECONDS = 60;
/** A model server's image is tens of gigabytes. */
const PULL_SECONDS = 4 * 3600;
/** Compose makes the containers, and starts what they need to be made. */
const UP_SECONDS = 300;

const named = (handle: ServiceHandle): string => handle.container ?? handle.name;

/** A disk that is full and a registry that cannot be reached may be otherwise soon. */
function missing(image: string, says: string, cause?: unknown): SteadyError {
  const soon = /no space left|timeout|temporary failure|TLS handshake|EOF|toomanyrequests/i.test(says);
  return new SteadyError('image.missing', { image, says }, { cause, retryable: soon });
}

/** Containers of one version of a service beside those of another, in one compose project. */
export function createSeveral({ target, baseFolder, run }: Engine): InstancesPort {
  const all = async (handle: ServiceHandle, options?: CallOptions): Promise<Container[]> =>
    (await projectContainers(target, run, options)).filter((one) => one.service === named(handle));

  const findImage: InstancesPort['findImage'] = async (name, options) => {
    const { code, stdout } = await run(imageInspect(target, name), { ...options, okCodes: [0, 1, 125] });
    return code === 0 ? imageIn(stdout, name) : undefined;
  };

  // Read once: whoever asks of many services asks at one time.
  let config: Promise<{ readonly stdout: string }> | undefined;

  return {
    async obstacles(handle, options) {
      config ??= run(composeConfig(target), options);
      return obstaclesIn((await config).stdout, named(handle));
    },

    findImage,

    async fetchImage(name, options) {
      const before = await findImage(name, options);
      // What is named by its digest or id cannot have become another since.
      if (before !== undefined && /(@|^)sha256:/.test(name)) return { ...before, notes: [] };
      const notes: string[] = [];
      try {
        await run(imagePull(target, name), { ...options, limitSeconds: PULL_SECONDS });
      } catch (error) {
        if (!(error instanceof SteadyError) || error.code !== 'tool.failed') throw error;
        const says = String(error.facts['says'] ?? error.message);
        if (before === undefined || options?.pulled === true) throw missing(name, says, error);
        notes.push(`not pulled, so it is what is here: ${says}`);
      }
      const found = await findImage(name, options);
      if (found === undefined) throw missing(name, 'not here after a pull');
      return { ...found, notes };
    },

    async keepImage(image: Image, name, options) {
      await run(imageTag(target, { image: image.id, name }), options);
    },

    async grow(handle, version, count, options) {
      const containers = await all(handle, options);
      const own = containers.filter((one) => one.labels[REVISION_LABEL] === String(version.revision));
      const lacking = count - own.filter((one) => one.status === 'running').length;
      if (lacking <= 0) return;
      // One that an earlier attempt had made and not started, or that has ended: another one takes its place.
      for (const one of own.filter(({ status }) => status !== 'running'))
        await run(containerRemove(target, [one.id]), options);
      const rest = containers.length - own.filter(({ status }) => status !== 'running').length;
      const project = target.project ?? containers[0]?.labels['com.docker.compose.project'];
      const files = [...filesOf(target, baseFolder, containers), PIPED];
      const argv = composeScale(
        { ...target, files, ...(project !== undefined && { project }) },
        { service: named(handle), count: rest + lacking },
      );
      await run(argv, {
        ...options,
        limitSeconds: UP_SECONDS,
        input: overrideText(named(handle), version),
      }).catch(serviceFailure(handle.name, 'start'));
    },

    async remove(handle, id, options) {
      if (!(await all(handle, options)).some((one) => one.id === id)) return;
      const { drainSeconds } = handle;
      await run(containerStop(target, { container: id, drainSeconds }), {
        ...options,
        limitSeconds: drainSeconds + ENGINE_SECONDS,
      }).catch(serviceFailure(handle.name, 'stop'));
      await run(containerRemove(target, [id]), options).catch(serviceFailure(handle.name, 'remove'));
    },
  };
}
