import { spawn } from 'node:child_process';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { startTicks } from './process-record.js';

export interface Launched {
  /** The process, while it runs. */
  readonly running: { readonly pid: number; readonly startTicks: string } | undefined;
  /** Exit code, 128 when a signal ended it. */
  readonly ended: Promise<number>;
}

/**
 * Starts a command in a session of its own, without the death signal that tools have and with no pipe to us: it
 * outlives this worker. What it writes goes to the log file; the one of the time before is kept as `.1`.
 *
 * @throws `tool.missing` when there is no such program, `tool.failed` when it cannot be started
 */
export async function launchDetached(
  argv: readonly string[],
  options: { cwd: string; logFile: string },
): Promise<Launched> {
  const [program = '', ...args] = argv;
  await mkdir(dirname(options.logFile), { recursive: true, mode: 0o700 });
  await rename(options.logFile, `${options.logFile}.1`).catch(() => undefined);
  const log = await open(options.logFile, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.unref();
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 128)));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'ENOENT' ? 'tool.missing' : 'tool.failed';
        reject(new SteadyError(code, { tool: program, error: error.code }, { cause: error }));
      });
    });
    const pid = child.pid ?? 0;
    const ticks = await startTicks(pid);
    return { running: ticks === undefined ? undefined : { pid, startTicks: ticks }, ended };
  } finally {
    await log.close();
  }
}
