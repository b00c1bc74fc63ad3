import type { Command } from 'commander';
import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';
import { rm } from 'node:fs/promises';
import { connect } from '../../client/connect.js';
import { formatProblems, StackFileError } from '../../config/problems.js';
import { SteadyError } from '../../contracts/failures.js';
import { warningLines } from '../warning-lines.js';
import { contextOf, type Context } from '../context.js';
import type { LoadedStack } from '../../config/load-stack-file.js';
import { keepTemporal, type KeptTemporal } from '../embedded/keep-temporal.js';
import { note, takeStateFolder, type StateFolder } from '../embedded/state-folder.js';
import { supervise, type Supervised } from '../embedded/supervise.js';
import type { Output } from '../output.js';
import { applyStack } from './apply.js';

interface Options {
  readonly state?: string;
  readonly port: string;
  readonly uiPort: string;
  readonly worker: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description(
      'everything in one: Temporal on a file, a worker, the schedules; applies the file at start and on SIGHUP',
    )
    .option('--state <folder>', 'default: .steady beside the stack file')
    .option('--port <n>', "Temporal's port", '7233')
    .option('--ui-port <n>', "Temporal's web UI", '8233')
    .option('--no-worker', 'run workers apart, with `steady worker`')
    .action(async (options: Options, command: Command) => {
      await up(contextOf(command), options);
    });
}

async function up(context: Context, options: Options): Promise<void> {
  const { output } = context;
  const ports = { port: portOf(options.port, '--port'), uiPort: portOf(options.uiPort, '--ui-port') };
  const loaded = await context.load();
  warningLines(loaded.warnings).forEach((line) => output.warn(line));
  const folder = await takeStateFolder(resolve(options.state ?? join(loaded.folder, '.steady')));
  const address = `127.0.0.1:${ports.port}`;
  const ui = `http://127.0.0.1:${ports.uiPort}`;
  // One at a time: of two that overlap, the older file could win.
  let applied: Promise<unknown> = Promise.resolve();
  const signalled = untilSignalled(() => {
    output.line('SIGHUP: applying the file');
    applied = applied
      .then(() => apply(context, address))
      .catch((error: unknown) => output.warn(wordsOf(error)));
  });
  let temporal: KeptTemporal | undefined;
  let worker: Supervised | undefined;
  try {
    temporal = await keepTemporal(folder, ports, {
      onStart: (pid) => note(folder, 'up.json', { address, ui, pid: process.pid, temporalPid: pid }),
      onEnd: (how) =>
        output.warn(`Temporal ended (${how}) and is started again; see ${folder.file('temporal.log')}`),
    });
    if (options.worker) worker = startWorker({ folder, address, output, loaded });
    applied = apply(context, address);
    // Told to stop meanwhile: how it went is of no interest any more.
    applied.catch(() => undefined);
    const early = await Promise.race([applied, signalled]);
    if (typeof early !== 'string') {
      output.line(`steady up: ready at ${address}, web UI ${ui}, state in ${folder.path}`);
      output.document({ ready: true, address, ui, state: folder.path });
    }
    const why = await Promise.race([signalled, temporal.gaveUp.then((error) => ({ error }))]);
    output.line(`stopping: ${typeof why === 'string' ? why : 'Temporal does not stay up'}`);
    if (typeof why !== 'string') throw why.error;
  } finally {
    await worker?.stop(10);
    await temporal?.stop(15);
    for (const name of ['up.json', 'worker.json']) await rm(folder.file(name), { force: true });
    await folder.release();
  }
}

function startWorker(of: {
  readonly folder: StateFolder;
  readonly address: string;
  readonly output: Output;
  readonly loaded: LoadedStack;
}): Supervised {
  const { folder, address, output, loaded } = of;
  const logFile = folder.file('worker.log');
  const own = ['--site', loaded.stack.site, '--scratch', folder.scratch];
  return supervise({
    argv: [process.execPath, ...process.execArgv, mainFile(), '--address', address, 'worker', ...own],
    env: process.env,
    cwd: loaded.folder,
    logFile,
    onStart: (pid) => void note(folder, 'worker.json', { pid }),
    onEnd: (how) => output.warn(`the worker ended (${how}) and is started again; see ${logFile}`),
  });
}

/** Workers are its own, or started apart when it suits: it does not give up while they come. */
const WORKER_SECONDS = 86_400;

/** Loaded and checked whole before anything is changed: never half. */
async function apply(context: Context, address: string): Promise<void> {
  const loaded = await context.load();
  const steady = await connect({
    ...context.options,
    address,
    workerSeconds: WORKER_SECONDS,
    onWait: (words) => context.output.warn(`… ${words}`),
  });
  try {
    const { name } = await context.requester();
    const changes = await applyStack(steady, loaded, name);
    for (const one of changes.filter(({ change }) => change !== 'none'))
      context.output.line(`${one.change} ${one.schedule}: ${one.words}`);
  } finally {
    await steady.close();
  }
}

/** Listens from the first moment: a signal while things start must not leave a state folder half in use. */
function untilSignalled(reload: () => void): Promise<string> {
  return new Promise((done) => {
    process.on('SIGHUP', reload);
    process.once('SIGINT', () => done('SIGINT'));
    process.once('SIGTERM', () => done('SIGTERM'));
  });
}

function wordsOf(error: unknown): string {
  if (error instanceof StackFileError)
    return `${formatProblems(error.problems)}\nnot applied: what ran before goes on`;
  return error instanceof Error ? error.message : String(error);
}

function portOf(text: string, option: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new SteadyError('usage.invalid', { [option.replace('--', '')]: text, allowed: '1 to 65535' });
  return port;
}

const mainFile = (): string =>
  fileURLToPath(new URL('../main.js', import.meta.url)).replace(
    /\.js$/,
    import.meta.url.endsWith('.ts') ? '.ts' : '.js',
  );
