import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres, type PostgresService } from '../../test/services/postgres.js';
import { startRedis, type RedisService } from '../../test/services/redis.js';
import { freePorts } from '../../test/services/server-process.js';
import { makeAgeKeys } from './age-keys.js';
import { runCommand, type Ran } from './run-command.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A small shop: PostgreSQL, Redis, a folder for backups on this machine, and `steady up` over them. */
export interface Demo {
  readonly folder: string;
  readonly ui: string;
  readonly postgres: PostgresService;
  readonly redis: RedisService;
  readonly mib: number;
  /** Runs `steady`; `as` signs with that person's identity. Throws unless it ends with 0. */
  steady(
    args: readonly string[],
    options?: { readonly as?: 'ana' | 'ben'; readonly show?: boolean },
  ): Promise<Ran>;
  json<T>(args: readonly string[], as?: 'ana' | 'ben'): Promise<T>;
  writeStackFile(schedule: string): Promise<void>;
  up(): Promise<void>;
  workerPid(): Promise<number>;
  lastWords(): string;
  end(): Promise<void>;
}

export async function createDemo(options: { readonly mib: number }): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-demo-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'backups'));
  const [postgres, redis, [port, uiPort]] = await Promise.all([
    startPostgres({ settings: { fsync: 'on', max_wal_size: '2GB' } }),
    startRedis({ appendonly: true, config: ['enable-debug-command local', 'repl-diskless-sync-delay 0'] }),
    freePorts(2) as Promise<[number, number]>,
  ]);
  const secret = { POSTGRES_PASSWORD: postgres.password };
  const env = { ...process.env, ...secret, XDG_CONFIG_HOME: join(folder, 'config'), NO_COLOR: '1' };
  const keys = await makeAgeKeys(folder);
  let up: ChildProcess | undefined;
  let upWords = '';

  const steady: Demo['steady'] = (args, { as, show = false } = {}) =>
    runCommand(
      [process.execPath, MAIN, ...(as ? ['--identity', join(folder, `${as}.identity`)] : []), ...args],
      { cwd: folder, env, show },
    );
  const identity = async (name: 'ana' | 'ben'): Promise<string> => {
    const made = await steady(['--json', 'identity', 'create', '--name', name], { as: name });
    return (JSON.parse(made.stdout) as { key: string }).key;
  };
  const approvers = { ana: await identity('ana'), ben: await identity('ben') };

  return {
    folder,
    ui: `http://127.0.0.1:${uiPort}`,
    postgres,
    redis,
    mib: options.mib,
    steady,
    json: async <T>(args: readonly string[], as?: 'ana' | 'ben') =>
      JSON.parse((await steady(['--json', ...args], as ? { as } : {})).stdout) as T,
    async writeStackFile(schedule) {
      const text = stackFile({ schedule, postgres, redis, keys, approvers });
      await writeFile(join(folder, 'steady.yaml'), text);
    },
    async up() {
      up = spawn(
        'setpriv',
        [
          '--pdeathsig',
          'KILL',
          '--',
          process.execPath,
          MAIN,
          'up',
          '--port',
          String(port),
          '--ui-port',
          String(uiPort),
        ],
        {
          cwd: folder,
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      const ready = new Promise<void>((resolve, reject) => {
        const hear = (chunk: Buffer): void => {
          upWords = (upWords + chunk.toString()).slice(-4000);
          if (upWords.includes('steady up: ready')) resolve();
        };
        up?.stdout?.on('data', hear);
        up?.stderr?.on('data', hear);
        up?.once('exit', (code) => reject(new Error(`steady up ended with ${code}\n${upWords}`)));
      });
      await ready;
    },
    workerPid: async () =>
      (JSON.parse(await readFile(join(folder, '.steady', 'worker.json'), 'utf8')) as { pid: number }).pid,
    lastWords: () => upWords,
    async end() {
      if (up && up.exitCode === null) {
        const gone = new Promise((resolve) => up?.once('exit', resolve));
        up.kill('SIGTERM');
        await gone;
      }
      await redis.stop();
      await postgres.stop();
    },
  };
}

interface Parts {
  readonly schedule: string;
  readonly postgres: PostgresService;
  readonly redis: RedisService;
  readonly keys: { readonly proof: string; readonly offline: string; readonly identityFile: string };
  readonly approvers: Readonly<Record<'ana' | 'ben', string>>;
}

function stackFile({ schedule, postgres, redis, keys, approvers }: Parts): string {
  return `version: 1
stack: shop
timezone: UTC
storage:
  main: { directory: { path: backups } }
  encryption:
    age:
      recipients: [${keys.proof}, ${keys.offline}]
      identity: { file: ${keys.identityFile} }
stores:
  db: { postgres: { host: 127.0.0.1, port: ${postgres.port}, database: shop, user: ${postgres.user}, password: { env: POSTGRES_PASSWORD }, bin: ${postgres.bin}, digests: true } }
  cache: { redis: { host: 127.0.0.1, port: ${redis.port}, bin: ${redis.bin}, data: ${redis.data}, process: { start: ${JSON.stringify(redis.startArgv)} } } }
plans:
  nightly: { schedule: "${schedule}", stores: [db, cache], keep: { within: 7d, daily: 7, verified: 2 }, rpo: 24h, verify: readable }
approvers:
  - { name: ana, key: "${approvers.ana}", roles: [operator] }
  - { name: ben, key: "${approvers.ben}", roles: [operator, owner] }
approvals:
  restore: { from: operator, count: 1, self: false, expires: 1h }
`;
}
