import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toolPath } from './tools.js';
import { freePort } from './free-port.js';

export interface StartRedisOptions {
  /** Path of redis-server or valkey-server; default the first of {@link redisServers}. */
  readonly server?: string;
  readonly appendonly?: boolean;
  readonly password?: string;
  /** Lines of an ACL, such as `user app on >secret ~* +@all`. */
  readonly users?: readonly string[];
  /** More lines for redis.conf. */
  readonly config?: readonly string[];
  /** It speaks TLS only, replicates by it, and wants client certificates. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  /** Data folder to use instead of a new one. */
  readonly data?: string;
  /** It outlives whoever starts it by `startArgv`, as a worker that is killed, and ends with this process all the same. */
  readonly guarded?: boolean;
}

export interface RedisService {
  readonly port: number;
  /** Data folder. */
  readonly data: string;
  /** Folder with redis-server and redis-cli of this server. */
  readonly bin: string;
  /** Command that starts the same server again; the server dies with whoever runs it. */
  readonly startArgv: string[];
  /** Runs redis-cli as the superuser and gives what it prints. */
  cli(...args: string[]): string;
  /** Commands from stdin, one a line. */
  feed(commands: string): void;
  start(): Promise<void>;
  /** Ends the server however it was started; its data stay. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Servers to run suites against: STEADY_REDIS_SERVERS (paths joined by `:`), else the installed one. */
export function redisServers(): string[] {
  const given = process.env['STEADY_REDIS_SERVERS']?.split(':').filter((path) => path !== '');
  return given && given.length > 0 ? given : [toolPath('redis-server')];
}

/** A throwaway server on a free port of the loopback, as user `redis` when we are root; gone with this process. */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisService> {
  const server = options.server ?? redisServers()[0] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'steady-rd-'));
  const data = options.data ?? join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const conf = join(folder, 'redis.conf');
  const users = [...(options.users ?? [])];
  const { tls } = options;
  const tlsFiles = tls ? Object.entries({ 'ca-cert': tls.ca, cert: tls.cert, key: tls.key }) : [];
  const lines = [
    ...(options.tls ? ['port 0', `tls-port ${port}`, 'tls-replication yes'] : [`port ${port}`]),
    ...tlsFiles.map(([name, file]) => `tls-${name}-file ${JSON.stringify(file)}`),
    'bind 127.0.0.1',
    `dir ${data}`,
    `appendonly ${options.appendonly ? 'yes' : 'no'}`,
    'daemonize no',
    ...(options.password === undefined ? [] : [`requirepass ${JSON.stringify(options.password)}`]),
    ...users,
    ...(options.config ?? []),
  ];
  writeFileSync(conf, `${lines.join('\n')}\n`, { mode: 0o600 });
  const owner = redisIds(server);
  if (owner)
    for (const path of [folder, conf, data, ...(tls ? [tls.key] : [])]) chownSync(path, owner.uid, owner.gid);
  const drop = owner ? ['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'] : [];
  const cliPath = server.replace(/-server$/, '-cli');
  const guarded = options.guarded === true;
  const dying = guarded ? [] : ['--pdeathsig', 'KILL'];
  const apart = [...drop, ...dying];
  const startArgv = [...(apart.length === 0 ? [] : ['setpriv', ...apart, '--']), server, conf];
  const byTls = tls ? ['--tls', '--insecure', '--cert', tls.cert, '--key', tls.key] : [];
  const cliArgs = ['-p', String(port), ...byTls, '--no-auth-warning'];
  const env = { ...process.env, ...(options.password !== undefined && { REDISCLI_AUTH: options.password }) };
  let child: ChildProcess | undefined;
  const guard = guarded ? guardOf([cliPath, ...cliArgs]) : undefined;

  const service: RedisService = {
    port,
    data,
    bin: dirname(server),
    startArgv,
    cli: (...args) =>
      execFileSync(cliPath, [...cliArgs, ...args], { env, encoding: 'utf8', maxBuffer: 2 ** 28 }).replace(
        /\n$/,
        '',
      ),
    feed(commands) {
      execFileSync(cliPath, cliArgs, { env, input: commands, stdio: ['pipe', 'ignore', 'inherit'] });
    },
    async start() {
      child = spawn(startArgv[0] ?? '', startArgv.slice(1), { stdio: 'ignore', cwd: folder });
      await until(() => answers(service), 'redis-server does not answer');
    },
    async kill() {
      const pid = Number(/process_id:(\d+)/.exec(await tryInfo(service))?.[1] ?? child?.pid ?? 0);
      if (pid > 0 && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
      await until(async () => !(await listening(port)), 'redis-server does not end');
    },
    async stop() {
      await service.kill();
      guard?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await service.start();
  return service;
}

/** A process that ends the server when this one has gone, however it went. */
function guardOf(cli: readonly string[]): ChildProcess {
  const script =
    'gone=$1; shift; while kill -0 "$gone" 2>/dev/null; do sleep 0.5; done; "$@" SHUTDOWN NOSAVE';
  const guard = spawn('sh', ['-c', script, 'sh', `${process.pid}`, ...cli], {
    detached: true,
    stdio: 'ignore',
  });
  guard.unref();
  return guard;
}

/** The user packages make for the server; undefined when we are not root, or it cannot get at this server's programs. */
function redisIds(server: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ask = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const ids = { uid: Number(ask('id', '-u', 'redis')), gid: Number(ask('id', '-g', 'redis')) };
    const drop = ['--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups', '--'];
    ask('setpriv', ...drop, server, '--version');
    return ids;
  } catch {
    return undefined;
  }
}

async function tryInfo(service: RedisService): Promise<string> {
  try {
    return (await listening(service.port)) ? service.cli('INFO', 'server') : '';
  } catch {
    return '';
  }
}

async function answers(service: RedisService): Promise<boolean> {
  return (await listening(service.port)) && service.cli('INFO', 'persistence').includes('loading:0');
}

function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const end = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

async function until(holds: () => Promise<boolean>, message: string): Promise<void> {
  for (const end = Date.now() + 30_000; !(await holds());) {
    if (Date.now() > end) throw new Error(message);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
