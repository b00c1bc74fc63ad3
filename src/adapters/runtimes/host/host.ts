import { join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { reapMarked } from '../../../pipelines/reap.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { CallOptions, RuntimePort, ServiceHandle, ServiceState } from '../port.js';
import { onThisHost } from '../on-this-host.js';
import { runMerged } from '../run-merged.js';
import { serviceFailure } from '../service-failure.js';
import { parseUnitState, systemctl } from './argv.js';
import { createGivenCommands } from './given-commands.js';

export interface HostRuntimeOptions {
  /** Folder of the stack file: tools and given commands run there. */
  readonly baseFolder: string;
  /** Where records and logs of services started by given commands lie; default `.steady/services` beside the file. */
  readonly stateFolder?: string;
  /** Of tools; services that are started have that of this process. */
  readonly niceness?: number | undefined;
}

const LOG_BYTES = 8 * 2 ** 20;
/** What systemd may need beyond the drain time, in seconds. */
const SYSTEMD_SECONDS = 30;

/** Services of this host: systemd units, or given commands. Tools run here. */
export function createHostRuntime({ baseFolder, stateFolder, niceness }: HostRuntimeOptions): RuntimePort {
  const given = createGivenCommands({
    baseFolder,
    stateFolder: stateFolder ?? join(baseFolder, '.steady', 'services'),
  });
  const command = (argv: readonly [string, ...string[]]) => ({ argv, cwd: baseFolder, label: argv[0] });

  const state = async (handle: ServiceHandle, options?: CallOptions): Promise<ServiceState> => {
    if (handle.unit === undefined) return given.state(handle);
    const shown = await runTool(command(systemctl.show(handle.unit)), options).catch(
      serviceFailure(handle.name, 'state'),
    );
    return { service: handle.name, ...parseUnitState(shown.stdout) };
  };

  return {
    kind: 'host',
    place: (tool, { marker }) => onThisHost(tool, { marker, cwd: baseFolder, niceness }),
    placeBeside: (tool, { marker }) => onThisHost(tool, { marker, cwd: baseFolder, niceness }),
    placeOnVolume(_tool, { volume }) {
      throw new SteadyError('config.invalid', {
        volume,
        error: 'a named volume needs the compose runtime; name a path',
      });
    },
    openThrowaway({ of }) {
      return Promise.reject(
        new SteadyError('config.invalid', { ...of, error: 'a container needs the compose runtime' }),
      );
    },
    published: () => Promise.resolve('network of the host'),
    async endMarked({ marker }) {
      if (marker === '')
        throw new SteadyError('internal', { error: 'endMarked without a marker would end everything' });
      await reapMarked(marker);
    },
    state,
    states: (handles, options) => Promise.all(handles.map((handle) => state(handle, options))),

    async stop(handle, options) {
      if (handle.unit === undefined || handle.stop !== undefined)
        return given.stop(handle, handle.stop, options);
      const limitSeconds = handle.drainSeconds + SYSTEMD_SECONDS;
      await runTool(command(systemctl.stop(handle.unit)), { ...options, limitSeconds }).catch(
        serviceFailure(handle.name, 'stop'),
      );
    },

    async start(handle, options) {
      if (handle.start !== undefined) return given.start(handle, handle.start);
      if (handle.unit === undefined)
        throw new SteadyError('service.failed', {
          service: handle.name,
          action: 'start',
          error: 'no start command and no unit',
        });
      await runTool(command(systemctl.start(handle.unit)), { ...options, limitSeconds: 300 }).catch(
        serviceFailure(handle.name, 'start'),
      );
    },

    async logs(handle, lines, options) {
      if (handle.unit === undefined) return given.logs(handle, lines);
      return runMerged({
        argv: systemctl.logs(handle.unit, lines),
        cwd: baseFolder,
        limitSeconds: 60,
        maxBytes: LOG_BYTES,
        ...options,
      });
    },
  };
}
