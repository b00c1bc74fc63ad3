import { SteadyError } from '../../../contracts/failures.js';
import type { ThrowawayOptions } from '../port.js';
import { volumeInspect, type ComposeTarget, type ThrowawayContainer } from './argv.js';
import { projectContainers, serviceContainers, type RunCommand } from './find-containers.js';

/** Image, mounts, network and user of a throwaway container. */
export type Where = Pick<ThrowawayContainer, 'image' | 'volumes' | 'volumesFrom' | 'network' | 'user'> & {
  /** For people. */
  readonly imageName: string;
};

interface Engine {
  readonly target: ComposeTarget;
  readonly run: RunCommand;
}

/**
 * Finds them by what runs now, right before the start. Throws `service.failed` for a service that has no container,
 * `store.unreachable` for a volume that is not there.
 */
export async function findWhere({ target, run }: Engine, of: ThrowawayOptions['of']): Promise<Where> {
  if ('service' in of) {
    const [container] = await serviceContainers(target, run, of.service);
    return {
      image: container.image,
      imageName: container.imageName,
      network: of.network ? `container:${container.id}` : 'none',
      // Its files are its user's.
      ...(of.volumes && { volumesFrom: container.id, user: container.user }),
    };
  }
  const { volume } = of;
  // `run` would create a volume that is not there, and an empty one would pass for a backup.
  await run(volumeInspect(target, volume)).catch((error: unknown) => {
    throw new SteadyError('store.unreachable', { volume, error: 'no such volume' }, { cause: error });
  });
  const found =
    of.image === undefined
      ? await imageFor({ target, run }, volume)
      : { image: of.image, imageName: of.image };
  return { ...found, volumes: [`${volume}:/volume`], network: 'none' };
}

/** The image of the service that has the volume, else of any: what runs here needs no registry. */
async function imageFor(
  { target, run }: Engine,
  volume: string,
): Promise<Pick<Where, 'image' | 'imageName'>> {
  const containers = await projectContainers(target, run);
  const found = containers.find((one) => one.volumes.includes(volume)) ?? containers[0];
  if (found === undefined)
    throw new SteadyError('service.failed', {
      volume,
      error: 'no container of the project to take an image from',
    });
  return { image: found.image, imageName: found.imageName };
}
