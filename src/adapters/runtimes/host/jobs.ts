import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { JobsPort, JobState } from '../jobs-port.js';
import { startTicks, ticksIn } from './process-record.js';

const LOG_BYTES = 2 ** 20;
const POLL_MS = 50;
const TERM_MS = 5000;

/**
 * Writes down which process it is, runs the command given as words, and writes how that ended, whoever still listens. What
 * is written is put in place at once.
 */
const SCRIPT = [
  'folder=$1; shift',
  'cp "/proc/$$/stat" "$folder/process.new" && mv "$folder/process.new" "$folder/process"',
  '"$@"',
  'echo "$?" > "$folder/exit.new" && mv "$folder/exit.new" "$folder/exit"',
].join('\n');

/** Jobs on this host: a folder each, a process group each that outlives this worker. */
export function createHostJobs(options: {
  readonly baseFolder: string;
  readonly jobsFolder: string;
}): JobsPort {
  const { baseFolder, jobsFolder } = options;
  const folderOf = (id: string): string => join(jobsFolder, id);

  const processOf = async (id: string): Promise<{ pid: number; ticks: string | undefined } | undefined> => {
    const stat = await read(join(folderOf(id), 'process'));
    return stat === undefined ? undefined : { pid: Number.parseInt(stat), ticks: ticksIn(stat) };
  };
  const state: JobsPort['state'] = async ({ id }): Promise<JobState> => {
    const known = await processOf(id);
    const runs = known !== undefined && (await startTicks(known.pid)) === known.ticks;
    if (runs) return { state: 'running' };
    const exit = await read(join(folderOf(id), 'exit'));
    if (exit !== undefined) return { state: 'ended', exit: Number(exit) };
    // Killed from outside, or with its machine: it did not come to its end.
    return known === undefined ? { state: 'missing' } : { state: 'ended', exit: 137 };
  };

  return {
    state,

    async begin(job) {
      if ((await state(job)).state !== 'missing') return;
      const folder = folderOf(job.id);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const log = await open(join(folder, 'log'), 'a', 0o600);
      try {
        const secrets = Object.entries(job.secrets).map(([name, secret]) => [name, secret.reveal()]);
        const child = spawn('sh', ['-c', SCRIPT, 'sh', folder, ...job.argv], {
          cwd: baseFolder,
          env: { ...process.env, ...job.env, ...(Object.fromEntries(secrets) as Record<string, string>) },
          detached: true,
          stdio: ['ignore', log.fd, log.fd],
        });
        child.unref();
        await new Promise<void>((resolve, reject) => {
          child.once('spawn', resolve);
          child.once('error', (error: NodeJS.ErrnoException) =>
            reject(new SteadyError('tool.failed', { tool: 'sh', error: error.code }, { cause: error })),
          );
        });
        // From then on whoever comes after a worker that died here finds it.
        while ((await processOf(job.id)) === undefined && child.exitCode === null) await sleep(POLL_MS);
      } finally {
        await log.close();
      }
    },

    async log({ id }, { lines }) {
      const text = (await read(join(folderOf(id), 'log'))) ?? '';
      return text
        .slice(-LOG_BYTES)
        .split('\n')
        .slice(-lines - 1)
        .join('\n');
    },

    async remove(job) {
      const known = await processOf(job.id);
      for (let waited = 0; known !== undefined && (await state(job)).state === 'running'; waited += POLL_MS) {
        signalGroup(known.pid, waited < TERM_MS ? 'SIGTERM' : 'SIGKILL');
        await sleep(POLL_MS);
      }
      await rm(folderOf(job.id), { recursive: true, force: true });
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
