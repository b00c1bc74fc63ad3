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

/** Keeps a process running: one that ends is started again, after a pause that grows while it keeps failing. */
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

  const start = (): void => {
    const began = Date.now();
    const log = openSync(options.logFile, 'a');
    const argv = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--', ...options.argv] : options.argv;
    child = spawn(argv[0] as string, argv.slice(1), {
      env: options.env,
      cwd: options.cwd,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    if (child.pid !== undefined) options.onStart(child.pid);
    child.once('error', (error) => options.onEnd(error.message));
    child.once('exit', (code, signal) => {
      if (stopping) return;
      options.onEnd(String(code ?? signal));
      if (Date.now() - began > SETTLED_MS) pause = FIRST_PAUSE_MS;
      setTimeout(() => !stopping && start(), pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    });
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

export async function endChild(child: ChildProcess, graceSeconds: number): Promise<void> {
  // One that could not be started has no pid, and will never exit.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1000);
  await gone;
  clearTimeout(timer);
}
