import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, killHard, processesWith } from './processes.js';
import { waitFor } from './wait-for.js';

/** What these tests read of --json documents; each command has its own fields. */
export interface CommandDocument {
  readonly run: string;
  readonly key: string;
  readonly recipient: string;
  readonly status: string;
  readonly code: string;
  readonly targets: readonly { readonly holders: readonly unknown[]; readonly waiting: readonly unknown[] }[];
  readonly open: readonly unknown[];
  readonly approvals: readonly unknown[];
  /** Of `status` that ended with 0 or 1. */
  readonly stores: readonly { readonly unlocked?: readonly unknown[] }[];
  readonly plans: readonly { readonly plan: string; readonly schedule: string; readonly skipped: number }[];
  readonly failedBackup?: { readonly run: string };
  readonly kept: readonly { readonly until: string }[];
  readonly ledger?: { readonly alarm?: string };
  readonly config: string;
  readonly backups: readonly { readonly store: string; readonly id: string }[];
  readonly proofs: readonly unknown[];
  readonly imported: readonly { readonly backupId: string; readonly already: boolean }[];
  readonly lines: readonly {
    readonly id: string;
    readonly what?: string;
    readonly keep: boolean;
    readonly deleted: boolean;
  }[];
  readonly services: readonly unknown[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

export interface Answer {
  /** Exit code. */
  readonly code: number;
  readonly json: CommandDocument;
  readonly stderr: string;
}

export interface SteadyOptions {
  /** The built command. */
  readonly main: string;
  /** Folder of the stack file. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** A variable in `env` that tells this stack's processes from all others. */
  readonly mark: string;
  readonly ports: { readonly port: number; readonly ui: number };
}

/** A `steady worker` beside `steady up --no-worker`. */
export interface WorkerProcess {
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  kill(): Promise<void>;
}

/** Who can be killed. */
export type Victim = 'worker' | 'temporal' | 'up';

export type SteadyCommand = ReturnType<typeof createSteady>;

/** `steady` as a person has it: a command line, and a `steady up` that can be killed part by part. */
export function createSteady(options: SteadyOptions) {
  const { main, folder, env } = options;
  let up: ChildProcess | undefined;
  let words = '';

  // A command that waits for ever must not outlive the test either.
  const withDeathSignal = (...args: string[]): string[] => [
    ...['--pdeathsig', 'KILL', '--', process.execPath, main, '--json'],
    ...args,
  ];

  const cli = (...args: string[]): Promise<Answer> =>
    new Promise((resolve) => {
      const limits = { cwd: folder, env, maxBuffer: 2 ** 26 };
      execFile('setpriv', withDeathSignal(...args), limits, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        const text = stdout.trim().split('\n').at(-1) ?? '';
        resolve({ code, json: (text === '' ? {} : JSON.parse(text)) as CommandDocument, stderr });
      });
    });

  /** Starts `steady up` without waiting; `upEnded` tells how it went. */
  const launch = (...args: string[]): ChildProcess => {
    const ports = ['--port', String(options.ports.port), '--ui-port', String(options.ports.ui)];
    const child = spawn('setpriv', withDeathSignal('up', ...ports, ...args), {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (words += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
    return child;
  };

  /** A `steady worker` beside `up --no-worker`; resolves when it takes work. */
  const startWorker = async (...args: string[]): Promise<WorkerProcess> => {
    const child = spawn('setpriv', withDeathSignal('worker', ...args), {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(() => undefined);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await waitFor('the worker is ready', () => {
      if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
      return child.signalCode !== null || said.includes('"ready":true');
    });
    return {
      ended,
      async kill() {
        killHard(child.pid ?? 0);
        await ended;
      },
    };
  };

  const note = (name: string): Record<string, number> =>
    JSON.parse(readFileSync(join(folder, '.steady', name), 'utf8')) as Record<string, number>;
  const pids = {
    up: (): number => up?.pid ?? 0,
    temporal: (): number => note('up.json')['temporalPid'] ?? 0,
    worker: (): number => note('worker.json')['pid'] ?? 0,
  };

  const start = async (...args: string[]): Promise<void> => {
    words = '';
    const child = launch(...args);
    up = child;
    await waitFor('steady up is ready', () => {
      if (child.exitCode !== null) throw new Error(`steady up ended with ${child.exitCode}: ${words}`);
      return words.includes('"ready":true');
    });
  };

  /** Kills one of them with -9; gives its pid. With `up` go Temporal and the worker. */
  const kill = async (victim: Victim): Promise<number> => {
    const pid = pids[victim]();
    if (!isAlive(pid)) throw new Error(`${victim} does not run`);
    const others = victim === 'up' ? [pids.temporal(), pids.worker()] : [];
    killHard(pid);
    await waitFor(`${victim} is gone with all that is its own`, () => ![pid, ...others].some(isAlive), {
      seconds: 5,
      every: 10,
    });
    return pid;
  };

  /** Kills and waits until it is back: worker and Temporal are started again by `up`, `up` by whoever started it. */
  const killAndRestart = async (victim: Victim): Promise<void> => {
    const pid = await kill(victim);
    if (victim === 'up') return await start();
    await waitFor(`the ${victim} is started again`, () => pids[victim]() !== pid && isAlive(pids[victim]()));
  };

  return {
    cli,
    launch,
    start,
    startWorker,
    kill,
    killAndRestart,
    pids,
    /** What `up` printed since its start. */
    words: () => words,
    child: (): ChildProcess => up as ChildProcess,
    /** When the worker that runs now was started, in milliseconds since 1970. */
    workerSince: (): number => statSync(join(folder, '.steady', 'worker.json')).mtimeMs,
    /** Ends everything of this stack by pid, however far it came. */
    async end(): Promise<void> {
      if (up?.pid !== undefined) killHard(up.pid);
      await waitFor(
        'all processes of the stack are gone',
        () => {
          const left = processesWith(options.mark);
          for (const { pid } of left) killHard(pid);
          return left.length === 0;
        },
        { seconds: 10 },
      );
    },
  };
}
