import { stripVTControlCharacters } from 'node:util';
import { SteadyError } from '../../../contracts/failures.js';
import { reapMarked } from '../../../pipelines/reap.js';
import type { CallOptions, RuntimePort, ServiceHandle } from '../port.js';
import { runMerged } from '../run-merged.js';
import { serviceFailure } from '../service-failure.js';
import {
  composeLogs,
  composeStart,
  composeStop,
  composeUp,
  containerLogs,
  containerRestart,
  engineEnv,
  type ComposeTarget,
} from './argv.js';
import { instancesOf, serviceState, type Container } from './containers.js';
import { endInService, MARKER_LABEL, removeThrowaways } from './end-inside.js';
import { createRunCommand, projectContainers, serviceContainers } from './find-containers.js';
import { createComposeJobs } from './jobs.js';
import { createPlaces } from './place.js';
import { roomOf } from './room.js';
import { createSeveral } from './several.js';
import { openThrowaway } from './throwaway.js';

export interface ComposeRuntimeOptions {
  readonly config: ComposeTarget;
  /** Folder of the stack file: compose files are relative to it. */
  readonly baseFolder: string;
  /** Of tools on this host, outside containers. */
  readonly niceness?: number | undefined;
}

const LOG_BYTES = 8 * 2 ** 20;
/** What the engine may need beyond the drain time, in seconds. */
const ENGINE_SECONDS = 60;

/** Services in containers: docker compose (v2 and v1), nerdctl compose, podman compose. */
export function createComposeRuntime({
  config: target,
  baseFolder,
  niceness,
}: ComposeRuntimeOptions): RuntimePort {
  const run = createRunCommand(target, baseFolder);
  const named = (handle: ServiceHandle): string => handle.container ?? handle.name;

  const states: RuntimePort['states'] = async (handles, options) => {
    const containers = await projectContainers(target, run, options);
    return handles.map((handle) =>
      serviceState(
        handle.name,
        containers.filter((one) => one.service === named(handle)),
      ),
    );
  };
  const state = async (handle: ServiceHandle, options?: CallOptions) => {
    const [found] = await states([handle], options);
    return found ?? serviceState(handle.name, []);
  };

  const containersOf = async (service: string, options?: CallOptions): Promise<Container[]> =>
    (await projectContainers(target, run, options)).filter((one) => one.service === service);

  return {
    kind: 'compose',
    ...createPlaces({ target, baseFolder, run, niceness }),
    openThrowaway: (options) => openThrowaway({ target, baseFolder, run }, options),
    state,
    states,

    async published(handle, options) {
      const containers = await serviceContainers(target, run, named(handle), options);
      return containers.some((one) => one.hostNetwork)
        ? 'network of the host'
        : containers.flatMap((one) => one.published);
    },

    async endMarked({ service, marker }) {
      if (marker === '')
        throw new SteadyError('internal', { error: 'endMarked without a marker would end everything' });
      // The clients first, so that none starts anything more; then what they started.
      await reapMarked(marker);
      await removeThrowaways(target, run, MARKER_LABEL, (value) => value.startsWith(marker));
      if (service !== undefined) await endInService(target, run, service, `STEADY_MARKER=${marker}`);
    },

    async stop(handle, options) {
      const argv = composeStop(target, { services: [named(handle)], drainSeconds: handle.drainSeconds });
      await run(argv, { ...options, limitSeconds: handle.drainSeconds + ENGINE_SECONDS }).catch(
        serviceFailure(handle.name, 'stop'),
      );
      const after = await state(handle, options);
      if (after.status !== 'stopped' && after.status !== 'missing')
        throw new SteadyError('service.failed', {
          service: handle.name,
          action: 'stop',
          status: after.status,
        });
    },

    async start(handle, options) {
      const service = named(handle);
      const missing = options?.create === true && (await containersOf(service, options)).length === 0;
      // Compose says nothing about a service that was never created, or went with `down`.
      if (!missing) await serviceContainers(target, run, service, options);
      await run((missing ? composeUp : composeStart)(target, { services: [service] }), {
        ...options,
        limitSeconds: 5 * ENGINE_SECONDS,
      }).catch(serviceFailure(handle.name, 'start'));
    },

    several: createSeveral({ target, baseFolder, run }),

    room: (options) => roomOf(target, run, options),

    jobs: createComposeJobs({ target, baseFolder, run }),

    instances: async (handle, options) => instancesOf(await containersOf(named(handle), options)),

    async restart(handle, id, options) {
      const { drainSeconds } = handle;
      await run(containerRestart(target, { container: id, drainSeconds }), {
        ...options,
        limitSeconds: drainSeconds + 2 * ENGINE_SECONDS,
      }).catch(serviceFailure(handle.name, 'restart'));
    },

    async logs(handle, { lines, since, previous, signal }) {
      const service = named(handle);
      // Compose has an empty log for a service it does not know, and a check of it would pass.
      const containers = await serviceContainers(target, run, service, { ...(signal && { signal }) });
      // podman-compose cannot leave the names out before each line; compose knows no time before which.
      const argvs =
        target.tool === 'podman' || since !== undefined || previous === true
          ? containers.map((one) =>
              containerLogs(target, {
                container: one.id,
                lines,
                since: since === undefined ? undefined : earlier(since),
                until: previous === true ? one.startedAt : undefined,
              }),
            )
          : [composeLogs(target, { service, lines })];
      const texts: string[] = [];
      for (const argv of argvs)
        texts.push(
          await runMerged({
            argv,
            env: engineEnv(target),
            cwd: baseFolder,
            limitSeconds: ENGINE_SECONDS,
            maxBytes: LOG_BYTES,
            signal,
          }).catch(serviceFailure(handle.name, 'logs')),
        );
      // Colours of the application, and what compose 2.26 writes before each line even with --no-color.
      return stripVTControlCharacters(texts.join(''));
    },
  };
}

/** An engine may note that a container started after its first words are out. */
const UNNOTED_MS = 1000;

const earlier = (time: string): string => new Date(Date.parse(time) - UNNOTED_MS).toISOString();
