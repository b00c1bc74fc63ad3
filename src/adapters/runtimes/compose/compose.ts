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
  containerLogs,
  engineEnv,
  type ComposeTarget,
} from './argv.js';
import { serviceState } from './containers.js';
import { endInService, MARKER_LABEL, removeThrowaways } from './end-inside.js';
import { createRunCommand, projectContainers, serviceContainers } from './find-containers.js';
import { createPlaces } from './place.js';
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
      // Compose says nothing about a service that was never created, or went with `down`.
      await serviceContainers(target, run, named(handle), options);
      await run(composeStart(target, { services: [named(handle)] }), {
        ...options,
        limitSeconds: 5 * ENGINE_SECONDS,
      }).catch(serviceFailure(handle.name, 'start'));
    },

    async logs(handle, lines, options) {
      const service = named(handle);
      // Compose has an empty log for a service it does not know, and a check of it would pass.
      const [container] = await serviceContainers(target, run, service, options);
      // podman-compose cannot leave the names out before each line.
      const argv =
        target.tool === 'podman'
          ? containerLogs(target, { container: container.id, lines })
          : composeLogs(target, { service, lines });
      const text = await runMerged({
        argv,
        env: engineEnv(target),
        cwd: baseFolder,
        limitSeconds: ENGINE_SECONDS,
        maxBytes: LOG_BYTES,
        signal: options?.signal,
      }).catch(serviceFailure(handle.name, 'logs'));
      // Colours of the application, and what compose 2.26 writes before each line even with --no-color.
      return stripVTControlCharacters(text);
    },
  };
}
