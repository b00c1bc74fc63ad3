import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';

export interface Supervised {
  /** Ends it for good: TERM, and KILL after the grace. */
  stop(graceSeconds: number): Promise<void>;
  /** The pid that runs now. */
  pid(): number | undefined;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
const SETTLED_MS = 60_000;

/**
 * Keeps a process running: one that ends, or cannot be started, is started again after a pause that grows while it keeps
 * failing. Never throws; `onEnd` hears of each failure once.
 */
export function supervise(options: {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logFile: string;
  readonly onStart: (pid: number) => void;
  readonly onEnd: (how: string) => void;
}): Supervised {
  let child: ChildProcess | undefined;
  let stopping = false;
  let pause = FIRST_PAUSE_MS;
  const setpriv = '/usr/bin/setpriv';

  const launch = (): ChildProcess => {
    const log = openSync(options.logFile, 'a');
    try {
      const argv = existsSync(setpriv)
        ? [setpriv, '--pdeathsig', 'KILL', '--', ...options.argv]
        : options.argv;
      return spawn(argv[0] as string, argv.slice(1), {
        env: options.env,
        cwd: options.cwd,
        stdio: ['ignore', log, log],
        detached: true,
      });
    } finally {
      closeSync(log);
    }
  };
  const start = (): void => {
    const began = Date.now();
    const again = (how: string): void => {
      if (stopping) return;
      options.onEnd(how);
      if (Date.now() - began > SETTLED_MS) pause = FIRST_PAUSE_MS;
      setTimeout(() => !stopping && start(), pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
    let started: ChildProcess;
    try {
      started = launch();
    } catch (error) {
      again(notStarted(error));
      return;
    }
    child = started;
    started.once('exit', (code, signal) => again(String(code ?? signal)));
    // One that could not be started has no pid, and no `exit` follows.
    started.on('error', (error) => started.pid === undefined && again(notStarted(error)));
    if (started.pid !== undefined) options.onStart(started.pid);
  };
  start();

  return {
    pid: () => child?.pid,
    async stop(graceSeconds) {
      stopping = true;
      if (child) await endChild(child, graceSeconds);
    },
  };
}

/** Why a process did not come about, in words. */
export const notStarted = (error: unknown): string =>
  `not started: ${error instanceof Error ? error.message : String(error)}`;

export async function endChild(child: ChildProcess, graceSeconds: number): Promise<void> {
  // One that could not be started has no pid, and will never exit.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1000);
  await gone;
  clearTimeout(timer);
}
