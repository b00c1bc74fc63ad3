import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { RuntimePort } from '../port.js';
import { onThisHost } from '../on-this-host.js';
import { composeExec, containerRun, engineEnv } from './argv.js';
import type { Argv, ComposeTarget, ContainerEnv } from './argv.js';
import { endInService, MARKER_LABEL, removeThrowaways, TOOL_LABEL } from './end-inside.js';
import type { RunCommand } from './find-containers.js';
import { findWhere, type Where } from './where.js';

export interface PlaceOptions {
  readonly target: ComposeTarget;
  readonly baseFolder: string;
  readonly run: RunCommand;
  /** Of tools on this host. */
  readonly niceness?: number | undefined;
}

/** Places tools in the services' containers and in throwaway ones beside them. */
export function createPlaces({
  target,
  baseFolder,
  run,
  niceness,
}: PlaceOptions): Pick<RuntimePort, 'place' | 'placeBeside' | 'placeOnVolume'> {
  const client = (tool: Tool, marker: string) => clientOf({ target, baseFolder }, tool, marker);

  /** A throwaway container; `where` finds out image, volumes and network right before the start. */
  const throwaway = (tool: Tool, marker: string, label: string, where: () => Promise<Where>): PlacedTool => {
    const id = newId();
    const [entrypoint, ...argv] = tool.argv;
    const argvWith = (found: Pick<Where, 'image'> & Partial<Where>): Argv =>
      containerRun(target, {
        ...throwawayName(marker, id),
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
      if (service === undefined) return onThisHost(tool, { marker, cwd: baseFolder, niceness });
      const id = newId();
      return {
        ...client(tool, marker),
        argv: composeExec(target, { service, argv: tool.argv, env: containerEnv(tool, marker, id) }),
        label: `${basename(tool.argv[0])} in ${service}`,
        endInside: () => endInService(target, run, service, `STEADY_TOOL=${id}`),
      };
    },

    placeBeside(tool, { service, marker, network }) {
      const of = { service, volumes: true, network };
      const label = `${basename(tool.argv[0])} beside ${service}`;
      return throwaway(tool, marker, label, () => findWhere({ target, run }, of));
    },

    placeOnVolume(tool, { volume, image, marker }) {
      const label = `${basename(tool.argv[0])} on volume ${volume}`;
      return throwaway(tool, marker, label, () => findWhere({ target, run }, { volume, image }));
    },
  };
}

/** Each placed tool has an id of its own beside the attempt's marker: ending one leaves its siblings alone. */
export const newId = (): string => randomBytes(5).toString('hex');

/** What the engine's client on this host gets: the secrets, which it passes on by name, and the marker. */
export function clientOf(
  { target, baseFolder }: Pick<PlaceOptions, 'target' | 'baseFolder'>,
  tool: Tool,
  marker: string,
): Pick<PlacedTool, 'env' | 'secrets' | 'cwd'> {
  return {
    env: { ...engineEnv(target), STEADY_MARKER: marker },
    ...(tool.secrets && { secrets: tool.secrets }),
    cwd: baseFolder,
  };
}

/** Name and labels of a throwaway container. */
export function throwawayName(marker: string, id: string): { name: string; labels: string[] } {
  return {
    name: `steady-${marker.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}-${id}`,
    labels: [`${MARKER_LABEL}=${marker}`, `${TOOL_LABEL}=${id}`],
  };
}

export function containerEnv(tool: Tool, marker: string, id: string): ContainerEnv {
  return {
    values: { ...tool.env, STEADY_MARKER: marker, STEADY_TOOL: id },
    names: Object.keys(tool.secrets ?? {}),
  };
}
