import { spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';

export interface MergedCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Longest time, in seconds. */
  readonly limitSeconds: number;
  /** Most bytes kept, from the end. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command and gives what it wrote to stdout and stderr in the order it was written: both go to one file, which
 * two pipes could not tell. For logs. Throws `tool.missing`, `tool.failed`, `stream.stalled`, `cancelled`.
 */
export async function runMerged(command: MergedCommand): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-log-'));
  const file = await open(join(folder, 'output'), 'a+', 0o600);
  const tool = command.argv[0];
  try {
    const limit = AbortSignal.timeout(Math.ceil(command.limitSeconds * 1000));
    const child = spawn(tool, command.argv.slice(1), {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', file.fd, file.fd],
      signal: command.signal ? AbortSignal.any([command.signal, limit]) : limit,
      killSignal: 'SIGKILL',
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') reject(new SteadyError('tool.missing', { tool }, { cause: error }));
        else if (error.name !== 'AbortError')
          reject(new SteadyError('tool.failed', { tool, error: error.message }, { cause: error }));
      });
      child.once('close', resolve);
    });
    if (command.signal?.aborted) throw new SteadyError('cancelled', { tool });
    if (limit.aborted) throw new SteadyError('stream.stalled', { tool, limit: `${command.limitSeconds}s` });
    const { size } = await file.stat();
    const kept = Buffer.alloc(Math.min(size, command.maxBytes));
    await file.read(kept, 0, kept.length, size - kept.length);
    const text = kept.toString('utf8');
    if (code !== 0)
      throw new SteadyError('tool.failed', {
        tool,
        exit: code ?? 'signal',
        says: text.trim().split('\n').slice(-3).join(' | '),
      });
    return text;
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
}
