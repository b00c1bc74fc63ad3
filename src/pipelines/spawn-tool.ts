import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { PassThrough, pipeline, Readable, type Writable } from 'node:stream';
import { redact } from '../contracts/secret.js';
import { SteadyError } from '../contracts/failures.js';
import { findProgram } from './find-program.js';
import { keepLastWords } from './last-words.js';
import { noSpaceLine } from './no-space.js';
import { openReusedOutput } from './reused-output.js';
import type { PlacedTool } from './tool.js';
import { within } from './within.js';

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
  /** The bytes of stdout, for one reader. With `reuseOutput` a chunk is good only until the next one is asked for. */
  readonly chunks: AsyncIterator<Buffer, undefined>;
  /** The last words on stderr so far, redacted. */
  lastWords(): string;
  /** Settles when the process has gone and `stdout` is read; never rejects. */
  readonly exited: Promise<Exit>;
  /** Gives up its output: nobody reads any more of it. */
  discard(): void;
  /**
   * Ends it, first inside its container where it has one, then the whole group here: TERM, then KILL after the grace.
   * Its stdin stays open until it is gone, so that it never takes the break for the normal end of its input. Resolves
   * when it is gone; rejects when it could not be ended inside. Safe to call again.
   */
  end(graceSeconds?: number): Promise<void>;
}

export interface SpawnToolOptions {
  /** Ends the tool when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** The stdin of a tool started before: bytes go there directly, not through this process, which closes its end. */
  readonly stdoutTo?: Writable | undefined;
  /** For many megabytes: `chunks` in one buffer, used again for each; `stdout` is empty then. */
  readonly reuseOutput?: boolean | undefined;
  /** Open files that the tool finds as /dev/fd/3 and following. */
  readonly inherit?: readonly number[] | undefined;
}

const END_INSIDE_SECONDS = 10;
/** How long a process may take to go after KILL; one that is stuck in the kernel takes longer. */
const KILL_SECONDS = 10;

/**
 * The kernel ends the tool when this process dies, however it dies: a killed worker must not leave a pg_dump behind.
 * (It watches the thread that started the tool, so tools are started on the main thread.) setpriv is part of
 * util-linux; where it is not there, markers find the left-overs (see reap.ts).
 */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

function withDeathSignal(argv: readonly [string, ...string[]]): [string, string[]] {
  if (SETPRIV === undefined || process.platform !== 'linux') return [argv[0], argv.slice(1)];
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', ...argv]];
}

/** Part of coreutils; without it all goes well, only slower. In a container a tool is not started by this process. */
const STDBUF = ['/usr/bin/stdbuf', '/bin/stdbuf'].find((path) => existsSync(path));

function inBulk(tool: PlacedTool, argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  if (STDBUF === undefined || tool.bulk !== true || tool.resolveArgv !== undefined) return argv;
  return [STDBUF, '--output=256K', ...argv];
}

/** What it starts in turn has the same niceness. One that has gone already needs none. */
function beNice(pid: number | undefined, niceness: number | undefined): void {
  if (pid === undefined || niceness === undefined) return;
  try {
    setPriority(pid, niceness);
  } catch (error) {
    // Less nice than this process only root may be.
    if (!['ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  try {
    // It is the head of a session: where the kernel groups by sessions, niceness counts within one alone (sched(7)).
    writeFileSync(`/proc/${pid}/autogroup`, `${niceness}`);
  } catch {
    // No such kernel, or its limit of changes: the niceness of the process has to do.
  }
}

/** What any program may know of this one's environment: no secret. */
function ordinary(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'LANG', 'TZ'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/**
 * Starts a tool: own process group, secrets in the environment only, ended when the signal aborts. Rejects with
 * `tool.missing` when there is no such program.
 */
export async function spawnTool(tool: PlacedTool, options: SpawnToolOptions = {}): Promise<RunningTool> {
  const secrets = Object.values(tool.secrets ?? {});
  const env: NodeJS.ProcessEnv = { ...(tool.apart === true ? ordinary() : process.env), ...tool.env };
  for (const [name, secret] of Object.entries(tool.secrets ?? {})) env[name] = secret.reveal();
  if (tool.cwd !== undefined && !existsSync(tool.cwd)) {
    throw new SteadyError('tool.failed', { tool: tool.label, error: 'no such folder', folder: tool.cwd });
  }
  if (findProgram(tool.argv[0], { path: env['PATH'], cwd: tool.cwd }) === undefined) {
    throw new SteadyError('tool.missing', { tool: tool.argv[0] });
  }
  const [program, args] = withDeathSignal(inBulk(tool, (await tool.resolveArgv?.()) ?? tool.argv));
  // Where none can be had (no room for a socket), bytes come the ordinary way.
  const reused = options.reuseOutput === true ? await openReusedOutput().catch(() => undefined) : undefined;
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      env,
      cwd: tool.cwd,
      detached: true,
      stdio: ['pipe', options.stdoutTo ?? reused?.end ?? 'pipe', 'pipe', ...(options.inherit ?? [])],
    });
    // Without files to spare it has no streams either, and says so only afterwards.
    if (child.pid === undefined) throw ((await once(child, 'error')) as [Error])[0];
  } catch (error) {
    reused?.destroy();
    const says = redact(error instanceof Error ? error.message : String(error), secrets);
    throw new SteadyError('tool.failed', { tool: tool.label, error: says }, { cause: error });
  } finally {
    options.stdoutTo?.destroy();
    reused?.end.destroy();
  }
  beNice(child.pid, tool.niceness);
  // The types know stdio only as literals: stdin and stderr are always pipes here.
  const stdin = child.stdin as Writable;
  const stderr = child.stderr as Readable;
  const stdout = child.stdout ? keptUntilRead(child.stdout) : Readable.from([]);
  let iterator: AsyncIterator<Buffer, undefined> | undefined;
  const chunks = reused?.chunks ?? {
    next: () => (iterator ??= stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>).next(),
  };

  const words = keepLastWords(stderr, secrets);
  // A consumer that ends early closes its stdin: the exit code tells why, the broken pipe itself does not.
  stdin.on('error', () => undefined);
  stdout.on('error', () => undefined);

  let gone = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      gone = true;
      resolve({ code, signal });
    });
  });
  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      // Gone already, or of another user: whether it goes is seen by its end.
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  };
  const endHere = async (graceSeconds: number): Promise<void> => {
    // Once it is gone its number may belong to another group.
    if (gone) return;
    killGroup('SIGTERM');
    const timer = setTimeout(() => {
      killGroup('SIGKILL');
      // A grandchild outside the group may hold it open.
      stderr.destroy();
    }, graceSeconds * 1000);
    await within(graceSeconds + KILL_SECONDS, exited);
    clearTimeout(timer);
    if (!gone)
      throw new SteadyError('tool.failed', { tool: tool.label, error: 'cannot be ended', pid: child.pid });
    killGroup('SIGKILL');
  };
  const discard = (): void => {
    stdout.destroy();
    reused?.destroy();
  };
  let ending: Promise<void> | undefined;
  const end = (graceSeconds = 2): Promise<void> =>
    (ending ??= (async () => {
      discard();
      // The second look decides; a failure of the first must not keep the client alive.
      if (!gone && tool.endInside) await within(END_INSIDE_SECONDS, tool.endInside()).catch(() => undefined);
      await endHere(graceSeconds);
      await tool.endInside?.();
    })());

  // Whoever aborts also awaits `end`, which is the same promise, and hears of a failure there.
  const onAbort = (): void => void end().catch(() => undefined);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  void exited.then(() => options.signal?.removeEventListener('abort', onAbort));
  if (options.signal?.aborted) onAbort();
  return {
    ...{ label: tool.label, pid: child.pid ?? 0, stdin, stdout, chunks },
    ...{ lastWords: words, exited, discard, end },
  };
}

/**
 * When a process exits, Node lets run out (`flushStdio` in its child_process) whatever output nobody has begun to read:
 * a short-lived tool's bytes would be gone before a slow reader comes. Reading begins here, at once.
 */
function keptUntilRead(output: Readable): Readable {
  const kept = new PassThrough({ highWaterMark: 256 * 1024 });
  pipeline(output, kept, () => undefined);
  return kept;
}

/**
 * The error of a tool that did not end with 0: its label, how it ended, its last words. That a disk is full is said
 * among them also where the tool went on to say more.
 */
export function toolFailure(running: Pick<RunningTool, 'label' | 'lastWords'>, exit: Exit): SteadyError {
  const last = running.lastWords().split('\n').slice(-3);
  const full = noSpaceLine(running.lastWords());
  const words = (full === undefined || last.includes(full) ? last : [full, ...last]).join(' | ');
  return new SteadyError('tool.failed', {
    tool: running.label,
    exit: exit.code ?? exit.signal ?? 'unknown',
    says: words === '' ? undefined : words,
  });
}
