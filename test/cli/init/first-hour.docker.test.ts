import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresService, redisService, startCompose, type ComposeProject } from '../../services/compose.js';
import { docker, IMAGE, uniqueName } from '../../services/docker.js';
import { freePorts } from '../../services/free-port.js';
import { builtSteady } from '../rig/build.js';
import { runSteady, type Ran } from '../rig/run-steady.js';

/** By their images `init` knows databases; the rig has one image for all. */
const repository = uniqueName();
const images = ['postgres', 'redis'].map((name) => `${repository}/${name}:test`);

let project: ComposeProject;
let env: NodeJS.ProcessEnv;
let main: string;
let up: ChildProcess | undefined;
beforeAll(async () => {
  main = await builtSteady();
  for (const image of images) await docker('tag', IMAGE, image);
  const [postgres, redis] = images;
  project = await startCompose({
    services: {
      db: {
        ...postgresService({ user: 'wiki', password: 'a-secret-of-wiki', database: 'wiki' }),
        image: postgres,
        volumes: ['db:/data'],
      },
      cache: { ...redisService({ password: 'a-secret-of-redis' }), image: redis, volumes: ['cache:/data'] },
      web: {
        image: IMAGE,
        command: ['sleep', 'infinity'],
        environment: { DATABASE_URL: 'postgres://wiki@db/wiki' },
        depends_on: ['db', 'cache'],
        volumes: ['uploads:/srv/uploads'],
        stop_grace_period: '1s',
      },
    },
    volumes: { db: {}, cache: {}, uploads: {} },
  });
  env = { ...process.env, COMPOSE_PROJECT_NAME: project.name, TEMPORAL_ADDRESS: undefined, NO_COLOR: '1' };
}, 300_000);
afterAll(async () => {
  if (up !== undefined && up.exitCode === null) {
    const gone = once(up, 'exit');
    up.kill('SIGTERM');
    await gone;
  }
  await project.close();
  await docker('rmi', ...images);
}, 120_000);

const steady = (...args: string[]): Promise<Ran> => runSteady(args, { main, cwd: project.folder, env });

async function startUp(): Promise<void> {
  const [port, ui] = await freePorts(2);
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, main, 'up'];
  const child = spawn('setpriv', [...argv, '--port', `${port}`, '--ui-port', `${ui}`], {
    cwd: project.folder,
    // What init asks for, and nothing else.
    env: { ...env, POSTGRES_PASSWORD: 'a-secret-of-wiki', REDIS_PASSWORD: 'a-secret-of-redis' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  up = child;
  for await (const line of createInterface(child.stdout)) if (line.includes('steady up: ready')) return;
  throw new Error(`steady up ended with ${child.exitCode}`);
}

it('what init writes for a running stack is reached and backed up, with no edit but secrets', async () => {
  const { code, json, stderr } = await steady('--json', 'init');
  expect([code, json?.secrets], stderr).toEqual([0, ['POSTGRES_PASSWORD', 'REDIS_PASSWORD']]);

  await startUp();
  const checked = await steady('--json', 'check');
  const lines = checked.json.lines as { status: string; what: string; message: string }[];
  expect(lines.filter(({ status }) => status === 'error')).toEqual([]);
  expect([checked.code, lines.filter(({ status }) => status === 'ok').length > 5]).toEqual([0, true]);

  const ran = await steady('--json', 'backup', 'run', '--plan', 'nightly');
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  const stores = ran.json.stores as { store: string; proof: { depth: string; passed: boolean } }[];
  expect(stores.map(({ store, proof }) => [store, proof])).toEqual(
    ['db', 'cache', 'uploads'].map((store) => [store, { depth: 'readable', passed: true }]),
  );
  expect((await steady('status')).code).toBe(0);
});
