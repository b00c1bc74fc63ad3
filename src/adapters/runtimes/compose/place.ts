import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { RuntimePort } from '../port.js';
import { onThisHost } from '../on-this-host.js';
import { composeExec, containerRun, engineEnv, volumeInspect } from './argv.js';
import type { Argv, ComposeTarget, ContainerEnv, ThrowawayContainer } from './argv.js';
import { endInService, MARKER_LABEL, removeThrowaways, TOOL_LABEL } from './end-inside.js';
import { projectContainers, serviceContainers, type RunCommand } from './find-containers.js';

interface PlaceOptions {
  readonly target: ComposeTarget;
  readonly baseFolder: string;
  readonly run: RunCommand;
}

/** Places tools in the services' containers and in throwaway ones beside them. */
export function createPlaces({
  target,
  baseFolder,
  run,
}: PlaceOptions): Pick<RuntimePort, 'place' | 'placeBeside' | 'placeOnVolume'> {
  const client = (tool: Tool, marker: string): Pick<PlacedTool, 'env' | 'secrets' | 'cwd'> => ({
    env: { ...engineEnv(target), STEADY_MARKER: marker },
    ...(tool.secrets && { secrets: tool.secrets }),
    cwd: baseFolder,
  });

  /** A throwaway container; `where` finds out image, volumes and network right before the start. */
  const throwaway = (
    tool: Tool,
    marker: string,
    label: string,
    where: () => Promise<Pick<ThrowawayContainer, 'image' | 'volumes' | 'volumesFrom' | 'network' | 'user'>>,
  ): PlacedTool => {
    const id = newId();
    const [entrypoint, ...argv] = tool.argv;
    const argvWith = (found: Awaited<ReturnType<typeof where>>): Argv =>
      containerRun(target, {
        name: `steady-${marker.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}-${id}`,
        labels: [`${MARKER_LABEL}=${marker}`, `${TOOL_LABEL}=${id}`],
        env: containerEnv(tool, marker, id),
        stdin: true,
        entrypoint,
        argv,
        ...found,
      });
    return {
      ...client(tool, marker),
      argv: argvWith({ image: 'IMAGE' }),
      resolveArgv: async () => argvWith(await where()),
      label,
      endInside: () => removeThrowaways(target, run, TOOL_LABEL, (value) => value === id),
    };
  };

  return {
    place(tool, { service, marker }) {
      if (service === undefined) return onThisHost(tool, { marker, cwd: baseFolder });
      const id = newId();
      return {
        ...client(tool, marker),
        argv: composeExec(target, { service, argv: tool.argv, env: containerEnv(tool, marker, id) }),
        label: `${basename(tool.argv[0])} in ${service}`,
        endInside: () => endInService(target, run, service, `STEADY_TOOL=${id}`),
      };
    },

    placeBeside(tool, { service, marker, network }) {
      return throwaway(tool, marker, `${basename(tool.argv[0])} beside ${service}`, async () => {
        const [container] = await serviceContainers(target, run, service);
        return {
          image: container.image,
          user: container.user,
          volumesFrom: container.id,
          network: network ? `container:${container.id}` : 'none',
        };
      });
    },

    placeOnVolume(tool, { volume, image, marker }) {
      return throwaway(tool, marker, `${basename(tool.argv[0])} on volume ${volume}`, async () => {
        // `run` would create a volume that is not there, and an empty one would pass for a backup.
        await run(volumeInspect(target, volume)).catch((error: unknown) => {
          throw new SteadyError('store.unreachable', { volume, error: 'no such volume' }, { cause: error });
        });
        return { image: image ?? (await imageFor(volume)), volumes: [`${volume}:/volume`], network: 'none' };
      });
    },
  };

  /** The image of the service that has the volume, else of any: what runs here needs no registry. */
  async function imageFor(volume: string): Promise<string> {
    const containers = await projectContainers(target, run);
    const found = containers.find((one) => one.volumes.includes(volume)) ?? containers[0];
    if (found === undefined)
      throw new SteadyError('service.failed', {
        volume,
        error: 'no container of the project to take an image from',
      });
    return found.image;
  }
}

/** Each placed tool has an id of its own beside the attempt's marker: ending one leaves its siblings alone. */
const newId = (): string => randomBytes(5).toString('hex');

function containerEnv(tool: Tool, marker: string, id: string): ContainerEnv {
  return {
    values: { ...tool.env, STEADY_MARKER: marker, STEADY_TOOL: id },
    names: Object.keys(tool.secrets ?? {}),
  };
}
