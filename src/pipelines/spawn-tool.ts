import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { redact } from '../contracts/secret.js';
import { SteadyError } from '../contracts/failures.js';
import type { PlacedTool } from './tool.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started tool in a process group of its own. */
export interface RunningTool {
  readonly label: string;
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** The last words on stderr so far, redacted. */
  lastWords(): string;
  /** Settles when the process has gone and its output is read; never rejects. */
  readonly exited: Promise<Exit>;
  /** Ends the whole group: TERM, then KILL after the grace; also inside a container. Resolves when it is gone. */
  end(graceSeconds?: number): Promise<void>;
}

const STDERR_KEPT = 8 * 1024;

/**
 * The kernel ends the tool when this process dies, however it dies: a killed worker must not leave a pg_dump behind.
 * setpriv is part of util-linux; where it is not there, markers find the left-overs (see reap.ts).
 */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

function withDeathSignal(argv: readonly [string, ...string[]]): [string, string[]] {
  if (SETPRIV === undefined || process.platform !== 'linux') return [argv[0], argv.slice(1)];
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', ...argv]];
}

/** Starts a tool: own process group, secrets in the environment only, ended when the signal aborts. */
export function spawnTool(tool: PlacedTool, options: { readonly signal?: AbortSignal } = {}): Promise<RunningTool> {
  const secrets = Object.values(tool.secrets ?? {});
  const env: NodeJS.ProcessEnv = { ...process.env, ...tool.env };
  for (const [name, secret] of Object.entries(tool.secrets ?? {})) env[name] = secret.reveal();
  const [program, args] = withDeathSignal(tool.argv);
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(program, args, {
    env,
    cwd: tool.cwd,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });

  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  // A consumer that ends early closes its stdin: the exit code tells why, the broken pipe itself does not.
  child.stdin.on('error', () => undefined);
  const lastWords = (): string => redact(stderr, secrets).trim();

  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const end = async (graceSeconds = 2): Promise<void> => {
    killGroup('SIGTERM');
    const timer = setTimeout(() => killGroup('SIGKILL'), graceSeconds * 1000);
    child.stdout.destroy();
    await exited;
    clearTimeout(timer);
    killGroup('SIGKILL');
    await tool.endInside?.();
  };

  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'ENOENT'
          ? new SteadyError('tool.missing', { tool: tool.argv[0] }, { cause: error })
          : new SteadyError('tool.failed', { tool: tool.label, error: error.message }, { cause: error }),
      );
    });
    child.once('spawn', () => {
      const onAbort = (): void => void end();
      options.signal?.addEventListener('abort', onAbort, { once: true });
      void exited.then(() => options.signal?.removeEventListener('abort', onAbort));
      if (options.signal?.aborted) onAbort();
      resolve({ label: tool.label, pid: child.pid ?? 0, stdin: child.stdin, stdout: child.stdout, lastWords, exited, end });
    });
  });
}

/** The error of a tool that did not end with 0: its label, how it ended, its last words. */
export function toolFailure(running: Pick<RunningTool, 'label' | 'lastWords'>, exit: Exit): SteadyError {
  const words = running.lastWords().split('\n').slice(-3).join(' | ');
  // setpriv's own exit code for a program that is not there.
  if (exit.code === 127 && /No such file or directory/.test(words)) return new SteadyError('tool.missing', { tool: running.label });
  return new SteadyError('tool.failed', {
    tool: running.label,
    exit: exit.code ?? exit.signal ?? 'unknown',
    says: words === '' ? undefined : words,
  });
}
