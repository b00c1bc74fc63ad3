import { Connection } from '@temporalio/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareNamespace } from '../../client/namespace.js';
import { SteadyError } from '../../contracts/failures.js';
import type { StateFolder } from './state-folder.js';
import { endChild } from './supervise.js';

export interface Ports {
  readonly port: number;
  readonly uiPort: number;
}

const RETENTION_SECONDS = 90 * 86_400;
/** How often ports are drawn. */
const DRAWS = 5;

/** Temporal's own server binary: STEADY_TEMPORAL, the folder of `scripts/setup`, PATH. Throws `tool.missing`. */
export function temporalBinary(): string {
  const given = process.env['STEADY_TEMPORAL'];
  const tools =
    process.env['STEADY_TOOLS'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'steadyhand');
  const folders = [join(tools, 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = given ?? folders.map((folder) => join(folder, 'temporal')).find((path) => existsSync(path));
  if (found === undefined || !existsSync(found)) throw new SteadyError('tool.missing', { tool: 'temporal' });
  return found;
}

/** Argv of the embedded server. Full synchronous writes: a power cut is what happens to small servers. */
export function temporalArgv(
  binary: string,
  options: Ports & { database: string; httpPort: number; metricsPort: number },
): string[] {
  return [
    binary,
    'server',
    'start-dev',
    ...['--db-filename', options.database],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2'],
    ...['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="10ms"'],
    ...['--dynamic-config-value', 'history.maxInFlightUpdates=300'],
    ...['--ip', '127.0.0.1', '--port', String(options.port), '--ui-port', String(options.uiPort)],
    ...['--http-port', String(options.httpPort), '--metrics-port', String(options.metricsPort)],
    ...['--log-level', 'warn', '--ui-disable-news-fetch'],
  ];
}

/** One that another try may cure: a port of its own that somebody took, or a panic as it began. */
class LostStart extends SteadyError {}

/**
 * Starts the server; it dies with this process however that ends, and its file survives both. Its inner parts listen on
 * ports drawn here and by itself, which somebody may take in the same moment: then others are drawn.
 */
export async function startTemporal(folder: StateFolder, ports: Ports): Promise<ChildProcess> {
  for (let tries = 1; ; tries++) {
    await refuseTaken({ '--port': ports.port, '--ui-port': ports.uiPort });
    try {
      return await startOnce(folder, ports);
    } catch (error) {
      if (!(error instanceof LostStart) || tries === DRAWS) throw error;
    }
  }
}

async function startOnce(folder: StateFolder, ports: Ports): Promise<ChildProcess> {
  const [httpPort, metricsPort] = [await freePort(), await freePort()];
  const argv = temporalArgv(temporalBinary(), { ...ports, database: folder.database, httpPort, metricsPort });
  const logFile = folder.file('temporal.log');
  const log = openSync(logFile, 'a');
  const logStart = fstatSync(log).size;
  const setpriv = '/usr/bin/setpriv';
  const [program, ...args] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--', ...argv] : argv;
  // A group of its own: Ctrl-C is ours to handle, in order.
  const child = spawn(program as string, args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const died = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) =>
      reject(endedAtOnce(code ?? signal ?? '?', textFrom(logFile, logStart))),
    );
    child.once('error', reject);
  });
  const gone = new AbortController();
  died.catch(() => gone.abort());
  try {
    await Promise.race([died, prepare(`127.0.0.1:${ports.port}`, gone.signal)]);
    return child;
  } catch (error) {
    await endChild(child, 5);
    throw error;
  }
}

/** Waits until it answers; gives the namespace our search attributes and a retention that keeps runs for months. */
async function prepare(address: string, gone: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '2s' });
      try {
        await connection.workflowService.updateNamespace({
          namespace: 'default',
          config: { workflowExecutionRetentionTtl: { seconds: RETENTION_SECONDS as never, nanos: 0 } },
        });
        await prepareNamespace(connection, 'default');
        return;
      } finally {
        await connection.close();
      }
    } catch (cause) {
      // Else it would keep this process from ending.
      if (tries >= 120 || gone.aborted) throw new SteadyError('temporal.unreachable', { address }, { cause });
      await sleep(250);
    }
  }
}

async function refuseTaken(ports: Record<string, number>): Promise<void> {
  for (const [option, port] of Object.entries(ports)) {
    if (!(await canListen(port))) throw new SteadyError('up.port-taken', { port, option });
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/**
 * What a server said that ended as it began. A Go program that panics says why first and where last, and may do so for
 * a port: the service that lost one ends the others in the middle of their start.
 */
function endedAtOnce(exit: number | string, log: string): SteadyError {
  const lines = log.trim().split('\n');
  const why = lines.find((line) => /address already in use|^panic: /.test(line));
  const facts = { tool: 'temporal', exit, says: why ?? lines.at(-1) ?? '' };
  return why === undefined ? new SteadyError('tool.failed', facts) : new LostStart('tool.failed', facts);
}

/** The log from a byte on. Empty where somebody has removed it: this is told from inside an event. */
function textFrom(path: string, start: number): string {
  try {
    return readFileSync(path).subarray(start).toString('utf8');
  } catch {
    return '';
  }
}
