import type { Command } from 'commander';
import { formatProblems, StackFileError } from '../../config/problems.js';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf, type Context } from '../context.js';
import { applyHere, goOnHere } from '../embedded/apply-here.js';
import { keepTemporal, type KeptTemporal } from '../embedded/keep-temporal.js';
import type { Ports } from '../embedded/temporal-server.js';
import { startApi, startWorker } from '../embedded/start-parts.js';
import { takeStateFolder, unnote } from '../embedded/state-folder.js';
import type { Supervised } from '../embedded/supervise.js';
import { watchRoom } from '../embedded/watch-room.js';
import { upNote } from '../embedded/up-note.js';
import { basisOf } from '../embedded/up-basis.js';
import { install, installOption } from '../install/install.js';
import { variablesOf } from '../install/variables.js';
import { apiOption, isLoopback, listenAt, metricsAt, metricsOption } from '../listen-options.js';

interface Options {
  readonly state?: string;
  readonly port: string;
  readonly uiPort: string;
  readonly worker: boolean;
  readonly metrics: string;
  readonly api: string;
  readonly install?: string | true;
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
    .addOption(metricsOption())
    .addOption(apiOption())
    .addOption(installOption())
    .action(async (options: Options, command: Command) => {
      const context = contextOf(command);
      assertUsable(options);
      if (options.install === undefined) await up(context, options);
      else await installUp(context, options.install);
    });
}

const portsOf = (options: Options): Ports => ({
  port: portOf(options.port, '--port'),
  uiPort: portOf(options.uiPort, '--ui-port'),
});

/** Wrong usage is told now, not in the log of a worker or of systemd. */
function assertUsable(options: Options): void {
  metricsAt(options.metrics);
  apiAt(options);
  const { port, uiPort } = portsOf(options);
  if (port === uiPort)
    throw new SteadyError('usage.invalid', { port, ui_port: uiPort, error: 'two ports are needed' });
}

/** Others may not reach it: what they send would be plain, and TLS is for `steady server`. */
function apiAt({ api }: Options): string | undefined {
  const at = listenAt('api', api);
  if (at === undefined) return undefined;
  if (!isLoopback(at.host))
    throw new SteadyError('usage.invalid', {
      api,
      error: 'only this machine may reach it; for others there is `steady server` with TLS',
    });
  return `${at.host}:${at.port}`;
}

async function installUp(context: Context, to: string | true): Promise<void> {
  const { stack } = await context.load();
  const variables = variablesOf(stack);
  const description = `steadyhand: ${stack.stack}, with Temporal and a worker`;
  await install(
    { ...{ name: `steady-${stack.stack}`, description, variables }, reloads: true, to },
    context.output,
  );
}

async function up(context: Context, options: Options): Promise<void> {
  const { output } = context;
  const ports = portsOf(options);
  const basis = await basisOf(context, options.state);
  const { broken } = basis;
  // Its log may lie on a full disk, or its reader be gone: no reason to end what runs.
  process.stderr.on('error', () => undefined);
  const folder = await takeStateFolder(basis.state, (words) => output.warn(words));
  const address = `127.0.0.1:${ports.port}`;
  const ui = `http://127.0.0.1:${ports.uiPort}`;
  const noted = upNote(folder, basis.folder);
  const here = { context, address, folder, basis };
  const notApplied = (error: unknown): void => output.warn(wordsOf(error));
  // One at a time: of two that overlap, the older file could win.
  let applied: Promise<unknown> = Promise.resolve();
  const signalled = untilSignalled(() => {
    output.line('SIGHUP: applying the file');
    applied = applied.then(() => applyHere(here, 'signal')).catch(notApplied);
  });
  const endWatch = watchRoom(folder.path, {
    warn: (words) => output.warn(`warning: ${words}`),
    line: (words) => output.line(words),
  });
  let temporal: KeptTemporal | undefined;
  let worker: Supervised | undefined;
  let api: Supervised | undefined;
  try {
    temporal = await keepTemporal(folder, ports, {
      onStart: (pid) => noted.write({ address, ui, temporalPid: pid }),
      onEnd: (how) =>
        output.warn(`Temporal ended (${how}) and is started again; see ${folder.file('temporal.log')}`),
    });
    const { metrics } = options;
    if (options.worker) worker = startWorker({ folder, address, output, basis, metrics });
    const listen = apiAt(options);
    if (listen !== undefined) api = startApi({ ...here, listen });
    if (broken) notApplied(broken);
    const first = broken ? goOnHere(here, broken) : applyHere(here, 'start');
    // What was applied before runs on, whatever keeps the file from being applied.
    applied = basis.before && !broken ? first.catch(notApplied) : first;
    // Told to stop meanwhile: how it went is of no interest any more.
    applied.catch(() => undefined);
    const early = await Promise.race([applied, signalled]);
    if (typeof early !== 'string') {
      const at = listen === undefined ? '' : `, API http://${listen}`;
      output.line(`steady up: ready at ${address}, web UI ${ui}${at}, state in ${folder.path}`);
      output.document({
        ...{ ready: true, address, ui, state: folder.path },
        ...(listen !== undefined && { api: `http://${listen}` }),
      });
    }
    const why = await Promise.race([signalled, temporal.gaveUp.then((error) => ({ error }))]);
    output.line(`stopping: ${typeof why === 'string' ? why : 'Temporal does not stay up'}`);
    if (typeof why !== 'string') throw why.error;
  } finally {
    endWatch();
    await api?.stop(5);
    await worker?.stop(10);
    await temporal?.stop(15);
    await unnote(folder, 'api.json');
    await unnote(folder, 'worker.json');
    await noted.remove();
    await folder.release();
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
  // New commands are no fault of the file.
  const trust = error instanceof SteadyError && error.code === 'trust.missing';
  const first = trust ? '`steady worker trust`' : 'mend it (`steady check --file`)';
  const mend = `${first}, then: kill -HUP ${process.pid}`;
  return `${failureWords(error)}\nnot applied: what ran before goes on; ${mend}`;
}

function failureWords(error: unknown): string {
  if (error instanceof StackFileError) return formatProblems(error.problems);
  return error instanceof Error ? error.message : String(error);
}

function portOf(text: string, option: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new SteadyError('usage.invalid', { [option.replace('--', '')]: text, allowed: '1 to 65535' });
  return port;
}
