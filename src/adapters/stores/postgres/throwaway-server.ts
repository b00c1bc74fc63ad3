import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { Secret } from '../../../contracts/secret.js';
import { runTool } from '../../../pipelines/run-tool.js';
import { spawnTool, toolFailure, type RunningTool } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import { asAccount, type ServerAccount } from './server-account.js';

const READY_SECONDS = 60;

export interface ThrowawayServerOptions {
  /** Folder of the server's programs. */
  readonly bin: string;
  /** A folder of its own; made, and removed by `close`. */
  readonly home: string;
  /** Of its superuser. */
  readonly user: string;
  readonly password: Secret;
  readonly account: ServerAccount | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly place: (argv: [string, ...string[]]) => PlacedTool;
  readonly signal: AbortSignal;
}

export interface ThrowawayServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Never written to disk for good: what is lost in a crash is a copy. */
const THROWAWAY = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
};

/** The server in the foreground, with what makes a throwaway one quick. */
export function serverArgv(
  program: string,
  options: {
    readonly data: string;
    readonly port: number;
    readonly settings: Readonly<Record<string, string>>;
  },
): [string, ...string[]] {
  const settings = Object.entries({ ...THROWAWAY, ...options.settings });
  return [
    program,
    ...['-D', options.data, '-p', String(options.port)],
    ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** Makes a cluster and starts its server on a free port of the loopback; ended by `close` and by the death of the worker. */
export async function startThrowawayServer(options: ThrowawayServerOptions): Promise<ThrowawayServer> {
  const { bin, home, place, signal } = options;
  await makeCluster(options);
  const port = await freePort();
  const argv = serverArgv(`${bin}/postgres`, {
    data: join(home, 'data'),
    port,
    settings: { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings },
  });
  const server = await spawnTool(place(asAccount(options.account, argv)), { signal });
  server.stdin.end();
  server.stdout.resume();
  const close = async (): Promise<void> => {
    await server.end(10);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilReady(
      server,
      place([`${bin}/pg_isready`, '-q', '-h', '127.0.0.1', '-p', String(port)]),
      signal,
    );
    return { port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeCluster({
  bin,
  home,
  user,
  password,
  account,
  place,
  signal,
}: ThrowawayServerOptions): Promise<void> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, password.reveal(), { mode: 0o600 });
  if (account) {
    chownSync(home, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
    // The server's account has to pass through; what is inside stays its own.
    const { mode } = statSync(dirname(home));
    if ((mode & 0o001) === 0) chmodSync(dirname(home), mode | 0o011);
  }
  const args = [
    '-U',
    user,
    `--pwfile=${passwordFile}`,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ];
  const initdb = place(asAccount(account, [`${bin}/initdb`, '-D', join(home, 'data'), ...args]));
  await runTool(initdb, { signal, limitSeconds: 300 });
  rmSync(passwordFile);
}

/** Waits until it takes connections; its own failure when it ends instead. */
export async function untilReady(server: RunningTool, ready: PlacedTool, signal: AbortSignal): Promise<void> {
  let exit: Awaited<RunningTool['exited']> | undefined;
  void server.exited.then((how) => (exit = how));
  const until = Date.now() + READY_SECONDS * 1000;
  while (Date.now() < until) {
    if (exit) throw toolFailure(server, exit);
    if ((await runTool(ready, { signal, okCodes: [0, 1, 2] })).code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new SteadyError('store.unreachable', { store: 'throwaway server', waited: `${READY_SECONDS}s` });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
