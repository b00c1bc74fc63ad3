import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { CallOptions, ServiceHandle, ServiceState } from '../port.js';
import { serviceFailure } from '../service-failure.js';
import { createProcessRecords, runs, startTicks, type ProcessRecord } from './process-record.js';

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

  return {
    async state({ name }: ServiceHandle): Promise<ServiceState> {
      const record = await records.read(name);
      if (await runs(record)) return { service: name, status: 'running' };
      return { service: name, status: record?.last === 'stopped' ? 'stopped' : 'unknown' };
    },

    /**
     * Runs the start command in a session of its own, without our death signal: the service outlives this worker. It
     * may be the server itself or go to the background; one that fails within a second is a failure.
     */
    async start(handle: ServiceHandle, argv: readonly string[]): Promise<void> {
      const before = await records.read(handle.name);
      if (await runs(before)) return;
      const exit = await launch(handle.name, argv);
      // It was started before and went to the background: that it cannot start twice is as good as done.
      if (exit.code !== undefined && exit.code !== 0 && before?.last !== 'started') {
        const says = (await tail(logFile(handle.name), 3)).trim().replaceAll('\n', ' | ');
        throw new SteadyError('service.failed', {
          service: handle.name,
          action: 'start',
          exit: exit.code,
          says: says || undefined,
        });
      }
      await records.write(handle.name, { last: 'started', ...exit.running });
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

    /** The last lines a service started here has written. */
    async logs({ name }: ServiceHandle, lines: number): Promise<string> {
      return tail(logFile(name), lines).catch((error: unknown) => {
        throw new SteadyError(
          'service.failed',
          { service: name, action: 'logs', error: 'no unit and not started from here' },
          { cause: error },
        );
      });
    },
  };

  /** Exit code when it ended by itself soon, else the process that runs. */
  async function launch(
    service: string,
    argv: readonly string[],
  ): Promise<{ code?: number; running?: { pid: number; startTicks: string } }> {
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    // The log of the time before is kept, once.
    await rename(logFile(service), `${logFile(service)}.1`).catch(() => undefined);
    const log = await open(logFile(service), 'a', 0o600);
    try {
      const child = spawn(argv[0] ?? '', argv.slice(1), {
        cwd: baseFolder,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      child.unref();
      const ended = new Promise<number>((resolve, reject) => {
        child.once('exit', (code) => resolve(code ?? 128));
        child.once('error', (error: NodeJS.ErrnoException) => {
          const facts = { tool: argv[0], service, error: error.code };
          reject(
            new SteadyError(error.code === 'ENOENT' ? 'tool.missing' : 'service.failed', facts, {
              cause: error,
            }),
          );
        });
      });
      const settled = new AbortController();
      const code = await Promise.race([
        ended,
        sleep(SETTLE_MS, undefined, { signal: settled.signal }),
      ]).finally(() => settled.abort());
      if (code !== undefined) return { code };
      const ticks = await startTicks(child.pid ?? 0);
      return child.pid !== undefined && ticks !== undefined
        ? { running: { pid: child.pid, startTicks: ticks } }
        : {};
    } finally {
      await log.close();
    }
  }
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
