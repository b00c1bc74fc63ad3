import { spawn, type ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { onTmpfs } from './on-tmpfs.js';

export interface PostgresService {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Folder of the server's own programs. */
  readonly bin: string;
  readonly major: number;
  /** The folder of the memory disk, which the server alone sees. */
  readonly disk: string;
  /** libpq's environment for a user of this server; the superuser when none is named. */
  env(database?: string, user?: { name: string; password: string }): NodeJS.ProcessEnv;
  /** Runs SQL (also several statements and psql commands) as superuser and gives what it prints. */
  sql(database: string, sql: string): string;
  /** Runs a program of this server's folder. */
  tool(program: string, args: string[], options?: { database?: string; input?: string | Buffer }): Buffer;
  /** Ends the server at once (SIGKILL, its backends too) and keeps its data. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartPostgresOptions {
  readonly bin?: string;
  readonly settings?: Record<string, string>;
  /** Gives the server a memory disk of this size, empty, for a tablespace: `disk`. It is gone with the server. */
  readonly diskBytes?: number;
}

/** Folders of the majors found: STEADY_PG_BINS (joined by `:`), else Debian's. Throws when there is none. */
export function postgresBins(): string[] {
  const given = process.env['STEADY_PG_BINS']?.split(':').filter((bin) => bin !== '');
  if (given && given.length > 0) return given;
  const parent = '/usr/lib/postgresql';
  const found = existsSync(parent) ? readdirSync(parent).map((major) => join(parent, major, 'bin')) : [];
  const servers = found.filter((bin) => existsSync(join(bin, 'postgres')));
  if (servers.length === 0) throw new Error('no PostgreSQL server is installed: run ./scripts/setup');
  return servers.sort();
}

/**
 * A throwaway cluster on a free port of the loopback, without fsync, gone with this process however it ends. The
 * superuser `postgres` has a SCRAM password.
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresService> {
  const bin = options.bin ?? postgresBins().at(-1) ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'steady-pg-'));
  const owner = process.getuid?.() === 0 ? postgresIds() : undefined;
  if (owner) {
    chownSync(folder, owner.uid, owner.gid);
    chmodSync(folder, 0o711);
  }
  const user = 'postgres';
  const password = 'pässword, with "odd" $igns';
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const drop = owner ? ['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'] : [];
  const asOwner = (argv: string[]): string[] => [...drop, '--pdeathsig', 'KILL', '--', ...argv];
  const data = join(folder, 'data');
  const init = [
    '-D',
    data,
    '-U',
    user,
    `--pwfile=${passwordFile}`,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ];
  execFileSync('setpriv', asOwner([join(bin, 'initdb'), ...init]), {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
  });

  const disk = join(folder, 'disk');
  const port = await freePort();
  const settings = {
    fsync: 'off',
    max_connections: '60',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    log_min_messages: 'fatal',
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { diskBytes } = options;
  const argv = ['setpriv', ...asOwner([join(bin, 'postgres'), '-D', data, '-p', String(port), ...args])];
  const launch = (): ChildProcess => {
    if (diskBytes !== undefined) mkdirSync(disk, { recursive: true });
    const [program = '', ...rest] = diskBytes === undefined ? argv : onTmpfs(argv, disk, diskBytes);
    return spawn(program, rest, { stdio: 'ignore', cwd: folder });
  };
  let server = launch();

  const service: PostgresService = {
    host: '127.0.0.1',
    port,
    user,
    password,
    bin,
    disk,
    major: Number(
      execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).match(/\) (\d+)/)?.[1],
    ),
    env: (database = 'postgres', as = { name: user, password }) => ({
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(port),
      PGUSER: as.name,
      PGPASSWORD: as.password,
      PGDATABASE: database,
      PGCLIENTENCODING: 'UTF8',
    }),
    sql: (database, sql) =>
      service
        .tool('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-'], { database, input: sql })
        .toString('utf8')
        .trimEnd(),
    tool: (program, toolArgs, { database, input } = {}) =>
      execFileSync(join(bin, program), toolArgs, {
        env: service.env(database),
        input: input ?? '',
        maxBuffer: 2 ** 30,
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    async kill() {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
    async start() {
      server = launch();
      await untilReady(service, server);
    },
    stop: () => stop(server, folder),
  };
  await untilReady(service, server);
  return service;
}

async function untilReady(service: PostgresService, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode} as it started`);
    try {
      service.tool('pg_isready', ['-q']);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('postgres did not become ready');
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    // INT is a fast shutdown: sessions are ended.
    server.kill('SIGINT');
    const timer = setTimeout(() => server.kill('SIGQUIT'), 10_000);
    await gone;
    clearTimeout(timer);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The account that package installs make for the server; PostgreSQL refuses to run as root. */
export function postgresIds(): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
