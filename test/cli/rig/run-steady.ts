import { spawn } from 'node:child_process';

export interface Ran {
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The one document of --json. */
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- each command has its own form
}

export interface RunSteadyOptions {
  readonly main: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Runs a command line as a pipeline would, to its end; it dies with the test. With CI set, which some libraries take for
 * a terminal with colours: what goes into a pipe stays plain all the same.
 */
export function runSteady(args: readonly string[], options: RunSteadyOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const argv = ['--pdeathsig', 'KILL', '--', process.execPath, options.main, ...args];
    const child = spawn('setpriv', argv, {
      cwd: options.cwd,
      env: { ...options.env, CI: 'true', NO_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr, json: documentOf(stdout) }));
  });
}

function documentOf(stdout: string): unknown {
  const lines = stdout.trim().split('\n');
  try {
    return lines.length === 1 ? JSON.parse(lines[0] ?? '') : undefined;
  } catch {
    return undefined;
  }
}
