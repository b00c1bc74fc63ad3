import { once } from 'node:events';
import { basename } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import type { Throwaway, ThrowawayOptions } from '../port.js';
import { containerExec, containerPs, containerRun } from './argv.js';
import { endInContainers, removeThrowaways, TOOL_LABEL } from './end-inside.js';
import { inspectListed } from './find-containers.js';
import { clientOf, containerEnv, newId, throwawayName, type PlaceOptions } from './place.js';
import { findWhere } from './where.js';

/** Longest time for the container to be up, in seconds. */
const START_SECONDS = 60;

/**
 * The container's only process of its own is a `cat` on the client's input: it lasts as long as the client, and so as
 * long as this worker. The engine closes the input when the client has gone, `cat` ends, and with it the container and
 * everything that was started in it.
 */
export async function openThrowaway(
  { target, baseFolder, run }: PlaceOptions,
  { of, marker, signal }: ThrowawayOptions,
): Promise<Throwaway> {
  const { imageName, ...where } = await findWhere({ target, run }, of);
  const id = newId();
  const named = throwawayName(marker, id);
  const close = (): Promise<void> => removeThrowaways(target, run, TOOL_LABEL, (value) => value === id);
  const label = `a container of ${imageName}`;
  const holder = await spawnTool(
    {
      ...clientOf({ target, baseFolder }, { argv: ['cat'] }, marker),
      argv: containerRun(target, {
        ...named,
        env: containerEnv({ argv: ['cat'] }, marker, id),
        stdin: true,
        entrypoint: 'cat',
        argv: [],
        ...where,
      }),
      label,
      endInside: close,
    },
    { signal },
  );
  try {
    await comesBack(holder);
  } catch (error) {
    await holder.end(1);
    if (signal?.aborted) throw new SteadyError('cancelled', { tool: label });
    throw error;
  }
  return {
    label,
    place(tool, { user, server } = {}) {
      const own = newId();
      const ours = () => inspectListed(target, run, containerPs(target, { labels: [`${TOOL_LABEL}=${id}`] }));
      return {
        ...clientOf({ target, baseFolder }, tool, marker),
        argv: containerExec(target, {
          container: named.name,
          argv: tool.argv,
          stdin: true,
          user,
          env: containerEnv(tool, marker, own),
        }),
        label: `${basename(tool.argv[0])} in ${label}`,
        endInside: server
          ? close
          : () =>
              endInContainers(target, run, {
                containers: ours,
                variable: `STEADY_TOOL=${own}`,
                where: label,
              }),
      };
    },
    close: () => holder.end(1),
  };
}

/** Waits until what is written to the container comes back from it: then it is up. */
async function comesBack(holder: Awaited<ReturnType<typeof spawnTool>>): Promise<void> {
  holder.stdin.write('up\n');
  const limit = AbortSignal.timeout(START_SECONDS * 1000);
  const up = once(holder.stdout, 'data', { signal: limit }).catch(() => undefined);
  const ended = await Promise.race([up.then(() => undefined), holder.exited]);
  if (ended !== undefined) throw toolFailure(holder, ended);
  if (limit.aborted)
    throw new SteadyError('stream.stalled', { tool: holder.label, limit: `${START_SECONDS}s` });
}
