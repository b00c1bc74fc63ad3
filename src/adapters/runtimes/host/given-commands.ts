import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { CallOptions, Instance, ServiceHandle, ServiceState, StartFailure } from '../port.js';
import { serviceFailure } from '../service-failure.js';
import { launchDetached } from './launch-detached.js';
import { createProcessRecords, runs, type ProcessRecord } from './process-record.js';

/** A start command that has not ended by then is taken for the server itself. */
const SETTLE_MS = 1000;
const POLL_MS = 100;
const KILL_SECONDS = 5;

export interface GivenCommandsOptions {
  readonly baseFolder: string;
  /** Holds a record and a log of each service. */
  readonly stateFolder: string;
}

/**
 * Services started and stopped by given commands. What is known of them is what was done here: a process started here
 * is `running` while it lives, a service stopped here is `stopped`, and anything else is `unknown`.
 */
export function createGivenCommands({ baseFolder, stateFolder }: GivenCommandsOptions) {
  const records = createProcessRecords(stateFolder);
  const logFile = (service: string): string => join(stateFolder, `${service}.log`);
  /** How the command started last has ended, by service. */
  const exits = new Map<string, { code?: number }>();
  const failureOf = async (service: string): Promise<StartFailure | undefined> => {
    const exit = exits.get(service)?.code ?? 0;
    if (exit === 0) return undefined;
    const says = (await tail(logFile(service), 3)).trim().replaceAll('\n', ' | ');
    return { exit, says: says || undefined };
  };

  return {
    async state({ name }: ServiceHandle): Promise<ServiceState> {
      const record = await records.read(name);
      if (await runs(record)) return { service: name, status: 'running' };
      if (record?.last === 'stopped') return { service: name, status: 'stopped', recorded: true };
      const failed = await failureOf(name);
      return { service: name, status: 'unknown', ...(failed && { failed }) };
    },

    /**
     * Runs the start command in a session of its own, without our death signal: the service outlives this worker. It
     * may be the server itself or go to the background; one that fails within a second is a failure, and of one that
     * fails later the state tells.
     */
    async start(handle: ServiceHandle, argv: readonly string[]): Promise<void> {
      const before = await records.read(handle.name);
      if (await runs(before)) return;
      const launched = await launchDetached(argv, { cwd: baseFolder, logFile: logFile(handle.name) });
      const exit: { code?: number } = {};
      exits.set(handle.name, exit);
      void launched.ended.then((code) => (exit.code = code));
      // At once: a worker that dies now must not leave a server that nobody knows of.
      const at = new Date().toISOString();
      await records.write(handle.name, { last: 'started', at, ...launched.running });
      const code = await soon(launched.ended);
      // It was started before and went to the background: that it cannot start twice is as good as done.
      if (code !== undefined && code !== 0 && before?.last !== 'started') {
        await records.write(handle.name, { last: 'failed' });
        const failed = await failureOf(handle.name);
        throw new SteadyError('service.failed', { service: handle.name, action: 'start', ...failed });
      }
      if (code !== undefined) await records.write(handle.name, { last: 'started', at });
    },

    /** Runs the stop command, else TERM; then waits until the process started here has gone, and kills it when drained. */
    async stop(
      handle: ServiceHandle,
      argv: readonly string[] | undefined,
      options: CallOptions = {},
    ): Promise<void> {
      const record = await records.read(handle.name);
      const alive = await runs(record);
      const until = Date.now() + handle.drainSeconds * 1000;
      if (argv !== undefined) {
        const tool = {
          argv: [argv[0] ?? '', ...argv.slice(1)] as const,
          cwd: baseFolder,
          label: argv[0] ?? '',
        };
        await runTool(tool, { ...options, limitSeconds: Math.max(1, handle.drainSeconds) }).catch(
          (error: unknown) => {
            // Stopped before, so that it cannot stop again; and what is overdue but ours to kill goes on below.
            const overdue = error instanceof SteadyError && error.code === 'stream.stalled' && alive;
            if (record?.last !== 'stopped' && !overdue) serviceFailure(handle.name, 'stop')(error);
          },
        );
      } else if (!alive && record?.last !== 'stopped') {
        throw new SteadyError('service.failed', {
          service: handle.name,
          action: 'stop',
          error: 'no stop command, no unit, and it was not started from here',
        });
      } else if (alive) {
        signalSession(record, 'SIGTERM');
      }
      if (alive && !(await gone(record, until, options.signal))) {
        signalSession(record, 'SIGKILL');
        if (!(await gone(record, Date.now() + KILL_SECONDS * 1000, options.signal)))
          throw new SteadyError('service.failed', {
            service: handle.name,
            action: 'stop',
            error: 'does not end',
          });
      }
      await records.write(handle.name, { last: 'stopped' });
    },

    /** One, which is another one each time it is started from here. */
    async instance(handle: ServiceHandle): Promise<Instance> {
      const { name } = handle;
      const { status } = await this.state(handle);
      const { last, pid = '', startTicks = '', at } = (await records.read(name)) ?? { last: 'never' };
      const start = last === 'started' ? `${at} ${pid} ${startTicks}` : '';
      const known = { id: name, name, start, status, ...(start !== '' && { startedAt: at }) };
      return status === 'unknown' ? { ...known, recorded: true } : known;
    },

    /** The last lines a service started here has written since its last start, or before it. */
    async logs({ name }: ServiceHandle, which: { lines: number; previous: boolean }): Promise<string> {
      const file = which.previous ? `${logFile(name)}.1` : logFile(name);
      return tail(file, which.lines).catch((error: unknown) => {
        throw new SteadyError(
          'service.failed',
          { service: name, action: 'logs', error: 'no unit and not started from here' },
          { cause: error },
        );
      });
    },
  };
}

/** The exit code when it ends by itself within the settling time. */
async function soon(ended: Promise<number>): Promise<number | undefined> {
  const settled = new AbortController();
  const time = sleep(SETTLE_MS, undefined, { signal: settled.signal }).catch(() => undefined);
  return Promise.race([ended, time]).finally(() => settled.abort());
}

/** Signals the process group of a process started here: it leads one of its own. */
function signalSession(record: ProcessRecord | undefined, signal: NodeJS.Signals): void {
  if (record?.pid === undefined) return;
  try {
    process.kill(-record.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(
  record: ProcessRecord | undefined,
  until: number,
  signal?: AbortSignal,
): Promise<boolean> {
  while (await runs(record)) {
    if (Date.now() >= until) return false;
    if (signal?.aborted) throw new SteadyError('cancelled', {});
    await sleep(POLL_MS);
  }
  return true;
}

async function tail(file: string, lines: number): Promise<string> {
  const all = (await readFile(file, 'utf8')).split('\n');
  return all.slice(-lines - 1).join('\n');
}
