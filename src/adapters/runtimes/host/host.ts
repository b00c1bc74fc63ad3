import { join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { reapMarked } from '../../../pipelines/reap.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { CallOptions, RuntimePort, ServiceHandle, ServiceState } from '../port.js';
import { onThisHost } from '../on-this-host.js';
import { runMerged } from '../run-merged.js';
import { serviceFailure } from '../service-failure.js';
import { parseUnitState, systemctl, type UnitState } from './argv.js';
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

  const unitState = async (name: string, unit: string, options?: CallOptions): Promise<UnitState> => {
    const shown = await runTool(command(systemctl.show(unit)), options).catch(serviceFailure(name, 'state'));
    return parseUnitState(shown.stdout);
  };
  const state = async (handle: ServiceHandle, options?: CallOptions): Promise<ServiceState> => {
    if (handle.unit === undefined) return given.state(handle);
    const { invocation: _, ...known } = await unitState(handle.name, handle.unit, options);
    return { service: handle.name, ...known };
  };

  const stop: RuntimePort['stop'] = async (handle, options) => {
    if (handle.unit === undefined || handle.stop !== undefined)
      return given.stop(handle, handle.stop, options);
    const limitSeconds = handle.drainSeconds + SYSTEMD_SECONDS;
    await runTool(command(systemctl.stop(handle.unit)), { ...options, limitSeconds }).catch(
      serviceFailure(handle.name, 'stop'),
    );
  };
  const start: RuntimePort['start'] = async (handle, options) => {
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

    stop,
    start,

    async instances(handle, options) {
      if (handle.unit === undefined) return [await given.instance(handle)];
      const { status, startedAt, invocation } = await unitState(handle.name, handle.unit, options);
      if (status === 'missing') return [];
      const run = invocation ?? startedAt ?? '';
      return [{ id: handle.unit, name: handle.unit, start: run, status, startedAt }];
    },

    async restart(handle, _id, options) {
      // What is started by given commands is not systemd's to restart.
      if (handle.unit === undefined || (handle.start ?? handle.stop) !== undefined) {
        await stop(handle, options);
        return start(handle, options);
      }
      const limitSeconds = handle.drainSeconds + SYSTEMD_SECONDS + 300;
      await runTool(command(systemctl.restart(handle.unit)), { ...options, limitSeconds }).catch(
        serviceFailure(handle.name, 'restart'),
      );
    },

    async logs(handle, { lines, since, previous = false, signal }) {
      if (handle.unit === undefined) return given.logs(handle, { lines, previous });
      // What was before the last start is what is not of this run of the unit.
      const until = previous
        ? (await unitState(handle.name, handle.unit, { ...(signal && { signal }) })).startedAt
        : undefined;
      return runMerged({
        argv: systemctl.logs(handle.unit, { lines, since, until }),
        cwd: baseFolder,
        limitSeconds: 60,
        maxBytes: LOG_BYTES,
        signal,
      });
    },
  };
}
