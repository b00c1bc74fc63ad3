import { Connection } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js';
import { freePorts } from './free-port.js';
import { startServer, type ServerProcess } from './server-process.js';
import { toolPath } from './tools.js';

/** A real Temporal dev server on a SQLite file. It dies with this process; `close` removes its file. */
export interface TemporalServer {
  /** Host and port of the frontend. */
  readonly address: string;
  readonly port: number;
  readonly namespace: 'default';
  /** The SQLite file. */
  readonly file: string;
  pid(): number;
  /** Ends the server and keeps its file; KILL unless another signal is named (TERM takes about 3 s). */
  stop(options?: { readonly signal?: NodeJS.Signals }): Promise<void>;
  /** Starts it again on the same file and ports; ends it first when it still runs. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface StartTemporalOptions {
  /** How long closed runs are kept, as the CLI writes it; default 90 days. */
  readonly retention?: string;
  /** Further arguments of `temporal server start-dev`. */
  readonly extraArgs?: readonly string[];
}

/**
 * Starts a server on free ports of 127.0.0.1 with steadyhand's search attributes. Timers are exact to 10 ms instead of
 * the usual second, and the file is not synced at each write: this is for tests. Throws when it is not installed or not
 * ready in 30 s.
 */
export async function startTemporal(options: StartTemporalOptions = {}): Promise<TemporalServer> {
  const program = toolPath('temporal');
  const folder = await mkdtemp(join(tmpdir(), 'steady-temporal-'));
  const file = join(folder, 'temporal.db');
  const ports = await freePorts(3);
  const [port, http, metrics] = ports as [number, number, number];
  const address = `127.0.0.1:${port}`;
  const argv: [string, ...string[]] = [
    program,
    ...['server', 'start-dev', '--headless', '--db-filename', file],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
    ...['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="10ms"'],
    ...['--dynamic-config-value', 'history.maxInFlightUpdates=300'],
    ...['--ip', '127.0.0.1', '--port', `${port}`, '--http-port', `${http}`, '--metrics-port', `${metrics}`],
    ...['--log-level', 'warn'],
    // Applied when the file is new.
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...(options.extraArgs ?? []),
  ];
  let server: ServerProcess | undefined;

  const stop: TemporalServer['stop'] = async ({ signal } = {}) => {
    await server?.end(signal);
    server = undefined;
  };
  const restart = async (): Promise<void> => {
    await stop();
    server = await startServer({
      argv,
      env: { ...process.env, HOME: folder },
      cwd: folder,
      ready: () => answers(address),
    });
  };
  const close = async (): Promise<void> => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await restart();
    const retention = ['--retention', options.retention ?? '90d'];
    await promisify(execFile)(program, [
      ...['operator', 'namespace', 'update', '--namespace', 'default', '--address', address],
      ...retention,
    ]);
    return { address, port, namespace: 'default', file, pid: () => server?.pid ?? 0, stop, restart, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether the server takes connections and its namespace is there. */
async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    await connection.withDeadline(Date.now() + 1000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } finally {
    await connection.close();
  }
}
