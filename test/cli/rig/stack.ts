import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { readUpNote } from '../../../src/client/up-note.js';
import { startPostgres, type PostgresService } from '../../services/postgres.js';
import { startRedis, type RedisService } from '../../services/redis.js';
import { freePorts } from '../../services/free-port.js';
import { builtSteady } from './build.js';
import { runSteady, type Ran } from './run-steady.js';

/** A small shop in a folder of its own: PostgreSQL, Redis, backups in a folder, two people, `steady up` over them. */
export interface ShopStack {
  readonly folder: string;
  /** Folder of the stack in storage. */
  readonly storage: string;
  readonly postgres: PostgresService;
  readonly redis: RedisService;
  readonly env: NodeJS.ProcessEnv;
  readonly file: { readonly path: string; readonly text: string; write(text: string): void };
  identity(name: 'ana' | 'ben'): string;
  /** Runs `steady`, signing as ana unless another is named. */
  steady(...args: string[]): Promise<Ran>;
  as(name: 'ana' | 'ben', ...args: string[]): Promise<Ran>;
  /** As on a terminal of their own, where somebody types. */
  typing(name: 'ana' | 'ben', typed: string, ...args: string[]): Ran;
  /** With --json; throws unless it ends with 0. */
  json(...args: string[]): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- each command has its own form
  up: {
    start(...args: string[]): Promise<void>;
    stop(): Promise<void>;
    /** As a power cut would: with -9, and all that is its own with it. */
    kill(): Promise<void>;
    hangUp(): void;
    readonly port: number;
    workerPid(): number;
    words(): string;
  };
  /** Until a run waits for an approval; gives the digest of what is asked. */
  untilAsked(run: string): Promise<string>;
  close(): Promise<void>;
}

export interface ShopOptions {
  /** Lines put under `limits:`. */
  readonly limits?: string;
  /** Text put in place of the plan. */
  readonly plans?: string;
  readonly encrypted?: boolean;
  /** Text put in place of the storage in a folder, and what its credentials are in the environment. */
  readonly storage?: { readonly text: string; readonly env: NodeJS.ProcessEnv };
  /** `main.js` of the release that is run; default: of the sources of this moment. */
  readonly main?: string;
}

const IN_TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

export async function createShop(options: ShopOptions = {}): Promise<ShopStack> {
  const main = options.main ?? (await builtSteady());
  const folder = await mkdtemp(join(tmpdir(), 'steady-shop-'));
  const [postgres, redis, ports] = await Promise.all([
    startPostgres(),
    startRedis({ config: ['repl-diskless-sync-delay 0'] }),
    freePorts(2) as Promise<[number, number]>,
  ]);
  postgres.sql('postgres', 'CREATE DATABASE shop');
  postgres.sql(
    'shop',
    `CREATE TABLE orders (id int PRIMARY KEY, token text);
     INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 2000) i;`,
  );
  redis.feed('SET greeting hello\nSET answer 42\n');
  mkdirSync(join(folder, 'backups'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    POSTGRES_PASSWORD: postgres.password,
    XDG_CONFIG_HOME: join(folder, 'config'),
    STEADY_IDENTITY: join(folder, 'ana.identity'),
    TEMPORAL_ADDRESS: undefined,
    ...options.storage?.env,
    NO_COLOR: '1',
  };
  const identity = (name: 'ana' | 'ben'): string => join(folder, `${name}.identity`);
  const steady = (...args: string[]): Promise<Ran> => runSteady(args, { main, cwd: folder, env });
  const as = (name: 'ana' | 'ben', ...args: string[]): Promise<Ran> =>
    steady('--identity', identity(name), ...args);
  const json: ShopStack['json'] = async (...args) => {
    const ran = await steady('--json', ...args);
    if (ran.code !== 0)
      throw new Error(`steady ${args.join(' ')} ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
    return ran.json;
  };

  const keys: string[] = [];
  for (const name of ['ana', 'ben'] as const) {
    const made = await as(name, '--json', 'identity', 'create', '--name', name);
    keys.push(made.json.key as string);
  }
  const recipients: string[] = [];
  if (options.encrypted === true)
    for (const name of ['proof', 'offline'])
      recipients.push((await json('key', 'create', `${name}.key`)).recipient as string);
  const encryption =
    recipients.length === 0
      ? ''
      : `
  encryption:
    age:
      recipients: [${recipients.join(', ')}]
      identity: { file: proof.key }`;
  const plans =
    options.plans ??
    'nightly: { schedule: "30 3 * * *", stores: [db, cache], keep: { last: 3, verified: 1 }, prove: { schedule: never } }';
  const text = `version: 1
stack: shop
storage:
  ${options.storage?.text ?? 'main: { directory: { path: backups } }'}${encryption}
stores:
  db: { postgres: { host: 127.0.0.1, port: ${postgres.port}, database: shop, user: ${postgres.user}, password: { env: POSTGRES_PASSWORD }, bin: ${postgres.bin} } }
  cache: { redis: { host: 127.0.0.1, port: ${redis.port}, bin: ${redis.bin}, data: ${redis.data}, process: { start: ${JSON.stringify(redis.startArgv)} } } }
plans:
  ${plans}
approvers:
  - { name: ana, key: "${keys[0]}", roles: [operator] }
  - { name: ben, key: "${keys[1]}", roles: [operator] }
approvals:
  restore: { from: operator }
limits: { ${options.limits ?? 'stall: 1m'} }
`;
  const path = join(folder, 'steady.yaml');
  writeFileSync(path, text);
  let child: ChildProcess | undefined;
  let words = '';
  const [port, ui] = ports;
  const stateOf = (): string => readUpNote(folder)?.state ?? '';

  const stack: ShopStack = {
    folder,
    storage: join(folder, 'backups', 'shop'),
    postgres,
    redis,
    env,
    file: { path, text, write: (changed) => writeFileSync(path, changed) },
    identity,
    steady,
    as,
    typing(name, typed, ...args) {
      const argv = ['-c', IN_TERMINAL, process.execPath, main, '--identity', identity(name), ...args];
      const ran = spawnSync('python3', argv, { cwd: folder, env, input: typed, encoding: 'utf8' });
      return { code: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr, json: undefined };
    },
    json,
    up: {
      port,
      words: () => words,
      workerPid: () => noted(stateOf(), 'worker.json')['pid'] ?? 0,
      hangUp: () => void child?.kill('SIGHUP'),
      async kill() {
        const state = stateOf();
        const pids = [noted(state, 'worker.json')['pid'], noted(state, 'up.json')['temporalPid']];
        child?.kill('SIGKILL');
        await vi.waitFor(() => expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]), 10_000);
        words = '';
      },
      async start(...args) {
        const argv = ['--pdeathsig', 'KILL', '--', process.execPath, main, 'up', ...args];
        const running = spawn('setpriv', [...argv, '--port', `${port}`, '--ui-port', `${ui}`], {
          cwd: folder,
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        child = running;
        const ready = new Promise<void>((resolve, reject) => {
          const hear = (chunk: Buffer): void => {
            words += chunk.toString();
            if (words.includes('steady up: ready')) resolve();
          };
          running.stdout.on('data', hear);
          running.stderr.on('data', hear);
          running.once('exit', (code) => reject(new Error(`steady up ended with ${code}\n${words}`)));
        });
        await ready;
      },
      async stop() {
        if (child === undefined || child.exitCode !== null) return;
        const gone = new Promise((resolve) => child?.once('exit', resolve));
        child.kill('SIGTERM');
        await gone;
        words = '';
      },
    },
    async untilAsked(run) {
      for (const end = Date.now() + 60_000; ; await sleep(100)) {
        const { json: view } = await steady('--json', 'show', run);
        if (view?.approval !== undefined) return view.approval.digest as string;
        if (Date.now() > end) throw new Error(`${run} asks nothing: ${JSON.stringify(view)}`);
      }
    },
    async close() {
      await stack.up.stop();
      await redis.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return stack;
}

const noted = (state: string, name: string): Record<string, number> =>
  JSON.parse(readFileSync(join(state, name), 'utf8')) as Record<string, number>;
