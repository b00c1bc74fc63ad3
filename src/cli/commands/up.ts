import type { Command } from 'commander';
import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';
import { rm } from 'node:fs/promises';
import { connect } from '../../client/connect.js';
import { formatProblems, StackFileError } from '../../config/problems.js';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf, type Context } from '../context.js';
import { note, takeStateFolder } from '../embedded/state-folder.js';
import { endChild, supervise } from '../embedded/supervise.js';
import { startTemporal } from '../embedded/temporal-server.js';
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
  if (loaded.warnings.length > 0) output.warn(formatProblems(loaded.warnings));
  const folder = await takeStateFolder(resolve(options.state ?? join(loaded.folder, '.steady')));
  const address = `127.0.0.1:${ports.port}`;
  try {
    const temporal = await startTemporal(folder, ports);
    await note(folder, 'up.json', {
      address,
      ui: `http://127.0.0.1:${ports.uiPort}`,
      pid: process.pid,
      temporalPid: temporal.pid,
    });
    const worker = options.worker
      ? supervise({
          argv: [
            process.execPath,
            ...process.execArgv,
            mainFile(),
            '--address',
            address,
            'worker',
            '--site',
            loaded.stack.site,
            '--scratch',
            folder.scratch,
          ],
          env: process.env,
          cwd: loaded.folder,
          logFile: folder.file('worker.log'),
          onStart: (pid) => void note(folder, 'worker.json', { pid }),
          onEnd: (how) =>
            output.warn(`the worker ended (${how}) and is started again; see ${folder.file('worker.log')}`),
        })
      : undefined;
    await apply(context, address);
    output.line(
      `steady up: ready at ${address}, web UI http://127.0.0.1:${ports.uiPort}, state in ${folder.path}`,
    );
    output.document({ ready: true, address, ui: `http://127.0.0.1:${ports.uiPort}`, state: folder.path });

    const why = await untilStopped(temporal, () => {
      output.line('SIGHUP: applying the file');
      apply(context, address).catch((error: unknown) => output.warn(wordsOf(error)));
    });
    output.line(`stopping: ${why}`);
    await worker?.stop(10);
    await endChild(temporal, 15);
    if (why.startsWith('temporal'))
      throw new SteadyError('tool.failed', { tool: 'temporal', log: folder.file('temporal.log') });
  } finally {
    await rm(folder.file('up.json'), { force: true });
    await folder.release();
  }
}

/** Loaded and checked whole before anything is changed: never half. */
async function apply(context: Context, address: string): Promise<void> {
  const loaded = await context.load();
  const steady = await connect({ ...context.options, address });
  try {
    const { name } = await context.requester();
    const changes = await applyStack(steady, loaded, name);
    for (const one of changes.filter(({ change }) => change !== 'none'))
      context.output.line(`${one.change} ${one.schedule}: ${one.words}`);
  } finally {
    await steady.close();
  }
}

function untilStopped(
  temporal: { once(event: 'exit', listener: () => void): unknown },
  reload: () => void,
): Promise<string> {
  return new Promise((done) => {
    process.on('SIGHUP', reload);
    process.once('SIGINT', () => done('SIGINT'));
    process.once('SIGTERM', () => done('SIGTERM'));
    temporal.once('exit', () => done('temporal ended'));
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
