import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerProcess {
  readonly pid: number;
  /** The last words on stdout and stderr, for messages. */
  lastWords(): string;
  running(): boolean;
  /** Sends the signal (default KILL) and resolves when the process has gone; at once when it has already. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServerProcessOptions {
  readonly argv: readonly [string, ...string[]];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Asked again and again; an error counts as no. */
  readonly ready: () => Promise<boolean>;
  /** Default 30. */
  readonly limitSeconds?: number;
}

/**
 * Starts a server and resolves when it is ready. The kernel ends it when this process dies, however it dies. Throws with
 * the server's last words when it ends before, or is not ready in time.
 */
export async function startServer(options: ServerProcessOptions): Promise<ServerProcess> {
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...options.argv], {
    env: options.env ?? process.env,
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4000)));
  }
  child.once('error', (error) => (words += error.message));

  const running = (): boolean =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (!running()) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const limit = Date.now() + (options.limitSeconds ?? 30) * 1000;
  while (!(await options.ready().catch(() => false))) {
    if (!running() || Date.now() > limit) {
      await end();
      throw new Error(`${options.argv[0]} did not start: ${words}`);
    }
    await sleep(50);
  }
  return { pid: child.pid as number, lastWords: () => words, running, end };
}
