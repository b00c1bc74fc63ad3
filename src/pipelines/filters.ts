import type { Writable } from 'node:stream';
import { SteadyError } from '../contracts/failures.js';
import { findProgram } from './find-program.js';
import type { Flow } from './flow.js';
import { toolFailure, type Exit, type RunningTool, type SpawnToolOptions } from './spawn-tool.js';
import type { PlacedTool } from './tool.js';

export interface FilterOptions {
  /**
   * Compression level of zstd, 1 to 19; default 1: what compresses shares its processors with the database that is
   * dumped. Level 3 takes a third to a half more CPU and stores up to a tenth less, as far as the data repeat.
   */
  readonly level?: number | undefined;
  /** Threads of zstd; default 1. */
  readonly threads?: number | undefined;
  /** Niceness of zstd and age. */
  readonly niceness?: number | undefined;
  /** Marks the processes, so that what a killed worker left can be found. */
  readonly marker?: string | undefined;
}

type Argv = readonly [string, ...string[]];

/** zstd and, with recipients, age: the way from raw to stored bytes. */
export function storingFilters(recipients: readonly string[], options: FilterOptions = {}): PlacedTool[] {
  const zstd: Argv = ['zstd', '-q', '-c', `-${options.level ?? 1}`, `-T${options.threads ?? 1}`];
  const age: Argv = ['age', ...recipients.flatMap((recipient) => ['-r', recipient])];
  return (recipients.length === 0 ? [zstd] : [zstd, age]).map((argv) => filter(argv, options));
}

/** age, when encrypted, and zstd: the way back. age finds the identity at /dev/fd/3. */
export function restoringFilters(encrypted: boolean, options: FilterOptions = {}): PlacedTool[] {
  const age: Argv = ['age', '-d', '-i', '/dev/fd/3'];
  const zstd: Argv = ['zstd', '-d', '-q', '-c'];
  return (encrypted ? [age, zstd] : [zstd]).map((argv) => filter(argv, options));
}

function filter(argv: Argv, options: FilterOptions): PlacedTool {
  return {
    label: argv[0],
    argv,
    niceness: options.niceness,
    env: options.marker === undefined ? {} : { STEADY_MARKER: options.marker },
  };
}

/** Why a chain of filters did not end well. */
export interface FilterFailure {
  readonly exit: Exit;
  readonly error: SteadyError;
}

/** Filters connected to each other directly; this process holds only the two ends. */
export interface Filters {
  /** For messages: `zstd` or `zstd and age`. */
  readonly label: string;
  readonly stdin: Writable;
  /** What comes out. A chunk is good until the next one is asked for. */
  readonly chunks: AsyncIterator<Buffer, undefined>;
  /** Undefined when all ended with 0, else the one to blame. Never rejects. */
  readonly done: Promise<FilterFailure | undefined>;
}

/** Starts the filters, the last one first, since each needs the stdin of the next. */
export async function startFilters(
  flow: Flow,
  tools: readonly PlacedTool[],
  options: Pick<SpawnToolOptions, 'inherit'> = {},
): Promise<Filters> {
  for (const { label } of tools) {
    if (!findProgram(label, { path: process.env['PATH'] }))
      throw new SteadyError('tool.missing', { tool: label });
  }
  const running: RunningTool[] = [];
  for (const [index, tool] of [...tools.entries()].reverse()) {
    running.unshift(
      await flow.start(tool, {
        stdoutTo: running[0]?.stdin,
        reuseOutput: running.length === 0,
        // Only the first one gets the extra files: it is age when there is an identity.
        inherit: index === 0 ? options.inherit : undefined,
      }),
    );
  }
  const [first, last] = [running[0], running.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('a chain needs at least one filter');
  const label = tools.map((tool) => tool.label).join(' and ');
  return { label, stdin: first.stdin, chunks: last.chunks, done: findCause(running) };
}

const NEIGHBOUR_SECONDS = 1;
const isBad = (exit: Exit): boolean => exit.code !== 0;

/**
 * Which of several connected processes failed first. One that dies drags its neighbours along: the one before it finds
 * nobody reading any more, the one after it sees its input end too soon. So the cause is the earliest in the chain that
 * did not merely lose its reader.
 */
async function findCause(chain: readonly RunningTool[]): Promise<FilterFailure | undefined> {
  const exits = new Map<RunningTool, Exit>();
  const all = Promise.all(chain.map(async (tool) => exits.set(tool, await tool.exited)));
  const firstBad = new Promise<void>((resolve) => {
    for (const tool of chain) void tool.exited.then((exit) => isBad(exit) && resolve());
  });
  await Promise.race([all, firstBad]);
  if ([...exits.values()].some(isBad)) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      all,
      new Promise((resolve) => (timer = setTimeout(resolve, NEIGHBOUR_SECONDS * 1000))),
    ]);
    clearTimeout(timer);
  }
  const bad = chain.flatMap((tool) => {
    const exit = exits.get(tool);
    return exit !== undefined && isBad(exit) ? [{ tool, exit }] : [];
  });
  const cause = bad.find(({ tool, exit }) => !lostItsReader(tool, exit)) ?? bad[0];
  return cause && { exit: cause.exit, error: toolFailure(cause.tool, cause.exit) };
}

/**
 * SIGPIPE, or a write that was refused: what joins the processes are socket pairs, and one whose reader died with bytes
 * unread gives ECONNRESET, which kills nobody. C says it with a capital letter, Go without.
 */
function lostItsReader(tool: RunningTool, exit: Exit): boolean {
  return exit.signal === 'SIGPIPE' || /connection reset by peer|broken pipe/i.test(tool.lastWords());
}
