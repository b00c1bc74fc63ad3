import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../test/services/free-port.js';
import { makeAgeKeys } from './age-keys.js';
import { startDockerPlace } from './docker-place.js';
import { startHostPlace } from './host-place.js';
import type { Place } from './place.js';
import { runCommand, type Ran } from './run-command.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A small shop in its place, and `steady up` over it. */
export interface Demo {
  readonly folder: string;
  readonly ui: string;
  readonly place: Place;
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

export async function createDemo(options: { readonly mib: number; readonly docker: boolean }): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-demo-'));
  await chmod(folder, 0o755);
  const place = await (options.docker ? startDockerPlace() : startHostPlace(folder));
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  const env = { ...process.env, ...place.env, XDG_CONFIG_HOME: join(folder, 'config'), NO_COLOR: '1' };
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
    place,
    mib: options.mib,
    steady,
    json: async <T>(args: readonly string[], as?: 'ana' | 'ben') =>
      JSON.parse((await steady(['--json', ...args], as ? { as } : {})).stdout) as T,
    async writeStackFile(schedule) {
      const text = stackFile({ schedule, place, keys, approvers });
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
      await place.end();
    },
  };
}

interface Parts {
  readonly schedule: string;
  readonly place: Place;
  readonly keys: { readonly proof: string; readonly offline: string; readonly identityFile: string };
  readonly approvers: Readonly<Record<'ana' | 'ben', string>>;
}

function stackFile({ schedule, place: { yaml }, keys, approvers }: Parts): string {
  return `version: 1
stack: shop
timezone: UTC
runtime: ${yaml.runtime}
storage:
  main: ${yaml.storage}
  encryption:
    age:
      recipients: [${keys.proof}, ${keys.offline}]
      identity: { file: ${keys.identityFile} }
stores:
  db: { postgres: { ${yaml.db}, digests: true } }
  cache: { redis: { ${yaml.cache} } }
services: ${yaml.services}
plans:
  nightly: { schedule: "${schedule}", stores: [db, cache], keep: { within: 7d, daily: 7, verified: 2 }, rpo: 24h, verify: readable }
approvers:
  - { name: ana, key: "${approvers.ana}", roles: [operator] }
  - { name: ben, key: "${approvers.ben}", roles: [operator, owner] }
approvals:
  restore: { from: operator, count: 1, self: false, expires: 1h }
`;
}
