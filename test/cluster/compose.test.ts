import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { builtSteady } from '../cli/rig/build.js';
import { atTheEnd, docker, IMAGE, uniqueName } from '../services/docker.js';
import { freePorts } from '../services/free-port.js';
import { toolPath } from '../services/tools.js';
import { clusterPrograms } from './temporal-cluster.js';

/**
 * docker-compose.yml, run as its first lines say. No image hub is reached: each of its images is the one of the test
 * services, with the programs that belong into it mounted. What it says of commands, variables, volumes, order and
 * health is run as it stands.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const PATIENTLY = { timeout: 150_000, interval: 500 };
let folder: string;
let ports: { readonly temporal: number; readonly ui: number };
let base: string[];
let down: (() => Promise<void>) | undefined;

const compose = (...args: string[]): Promise<string> => docker(...base, ...args);
/** `docker compose run --rm steady …`, as the first lines have it; gives its one document. */
async function steady<T>(...args: string[]): Promise<T> {
  return JSON.parse(await compose('run', '--rm', '--no-TTY', 'steady', '--json', ...args)) as T;
}
const shop = (sql: string): Promise<string> =>
  compose('exec', '--no-TTY', 'shop', 'psql', '-U', 'shop', '-Atqc', sql);

/** What the images have that cannot be had here; and a database to back up. */
async function override(): Promise<object> {
  const programs = clusterPrograms();
  const main = await builtSteady();
  const temporal = { image: IMAGE, environment: { PATH: '/programs:/usr/sbin:/usr/bin:/sbin:/bin' } };
  const mounted = [`${programs}:/programs:ro`];
  const cli = `${await realpath(toolPath('temporal'))}:/usr/bin/temporal:ro`;
  const often = { interval: '1s', timeout: '5s', retries: 120 };
  const tools = await Promise.all(['zstd', 'age'].map((name) => realpath(toolPath(name))));
  return {
    services: {
      postgres: { image: IMAGE, healthcheck: { interval: '1s' } },
      minio: { image: IMAGE, healthcheck: { interval: '1s' } },
      'temporal-schema': { ...temporal, volumes: mounted },
      'temporal-namespace': { ...temporal, volumes: [cli] },
      temporal: {
        ...temporal,
        volumes: mounted,
        entrypoint: ['bash', '/programs/entrypoint.sh'],
        healthcheck: { test: ['CMD', 'bash', '-c', '</dev/tcp/127.0.0.1/7233'], ...often },
      },
      'temporal-ui': {
        ...temporal,
        volumes: [...mounted, `${programs}/ui.yaml:/home/ui-server/config/docker.yaml:ro`],
        working_dir: '/home/ui-server',
        entrypoint: ['temporal-ui', '--env', 'docker', 'start'],
      },
      steady: {
        image: IMAGE,
        entrypoint: ['tini', '--', 'node', '/opt/steadyhand/dist/cli/main.js'],
        volumes: [
          `${process.execPath}:/usr/bin/node:ro`,
          `${dirname(dirname(main))}:/opt/steadyhand/dist:ro`,
          `${join(root, 'node_modules')}:/opt/steadyhand/node_modules:ro`,
          `${join(root, 'package.json')}:/opt/steadyhand/package.json:ro`,
          // Its user's engine is not for this.
          '/dev/null:/var/run/docker.sock',
          ...tools.map((path) => `${path}:${path}:ro`),
        ],
        working_dir: '/stack',
        healthcheck: { interval: '1s' },
      },
      shop: {
        image: IMAGE,
        command: ['postgres'],
        environment: { POSTGRES_USER: 'shop', POSTGRES_PASSWORD: 'shop-pass' },
        healthcheck: { test: ['CMD', 'pg_isready', '-q', '-h', '127.0.0.1', '-U', 'shop'], ...often },
      },
    },
  };
}

const STACK = `version: 1
stack: shop
storage:
  main:
    s3:
      bucket: backups
      endpoint: http://minio:9000
      credentials: { accessKey: { env: STEADY_S3_KEY }, secretKey: { env: STEADY_S3_SECRET } }
stores:
  db: { postgres: { host: shop, database: shop, user: shop, password: { env: SHOP_PASSWORD }, bin: /usr/lib/postgresql/17/bin } }
plans:
  nightly: { schedule: "30 3 * * *", stores: [db], keep: { last: 3, verified: 1 }, prove: { schedule: never } }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady compose '));
  const [temporal, ui] = (await freePorts(2)) as [number, number];
  ports = { temporal, ui };
  cpSync(join(root, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
  cpSync(join(root, 'docker', 'temporal'), join(folder, 'docker', 'temporal'), { recursive: true });
  mkdirSync(join(folder, 'stack'));
  writeFileSync(join(folder, 'stack', 'steady.yaml'), STACK);
  writeFileSync(join(folder, 'stack', '.env'), 'SHOP_PASSWORD=shop-pass\n');
  writeFileSync(
    join(folder, '.env'),
    `TEMPORAL_DB_PASSWORD=dbpass1\nSTEADY_S3_KEY=steadyhand\nSTEADY_S3_SECRET=secret1234\nTEMPORAL_PORT=${temporal}\nTEMPORAL_UI_PORT=${ui}\n`,
  );
  writeFileSync(join(folder, 'override.yml'), stringify(await override()));
  const files = ['docker-compose.yml', 'override.yml'].flatMap((name) => ['--file', join(folder, name)]);
  base = ['compose', '--project-name', uniqueName(), '--project-directory', folder, ...files];
  down = atTheEnd('docker', ...base, 'down', '--volumes', '--timeout', '1');
}, 300_000);
afterAll(async () => {
  await down?.();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

describe('docker-compose.yml', () => {
  it('brings up Temporal on PostgreSQL, and MinIO, with schema and namespace made on the way', async () => {
    await compose('up', '--detach', '--wait', 'temporal', 'minio', 'shop');
    expect(await compose('ps', '--format', '{{.Service}} {{.Health}}')).toMatch(/^temporal healthy$/m);
    // Again, as after an upgrade.
    await compose('run', '--rm', '--no-TTY', 'temporal-schema');
  });

  it('has a worker that trusts the file, and the schedules of the plans', async () => {
    await compose('run', '--rm', '--no-TTY', 'steady', 'worker', 'trust', '--yes');
    await compose('up', '--detach', '--wait');
    const states = (await compose('ps', '--format', '{{.Service}} {{.Health}}')).trim().split('\n');
    expect(states.filter((line) => line === 'steady healthy')).toHaveLength(1);
    const { changes } = await steady<{ changes: { schedule: string }[] }>('apply');
    expect(changes.map((one) => one.schedule).sort()).toEqual(['backup.shop.nightly', 'sweep.shop.daily']);
    expect((await fetch(`http://127.0.0.1:${ports.ui}/`)).status).toBe(200);
  });

  it('backs up into MinIO, and restores', async () => {
    await shop('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id');
    await steady('backup', 'run');
    await shop('DELETE FROM orders WHERE id > 10');
    await steady('restore', 'latest');
    expect((await shop('SELECT count(*) FROM orders')).trim()).toBe('1000');
  });

  it('keeps all of it when every container is made anew', async () => {
    await compose('down', '--timeout', '5');
    await compose('up', '--detach');
    await vi.waitFor(async () => {
      expect(await steady('status')).toMatchObject({
        plans: [{ plan: 'nightly', schedule: '30 3 * * * UTC' }],
        stores: [{ store: 'db', backups: 1, ok: true }],
        kept: [{ stores: ['db'] }],
      });
    }, PATIENTLY);
  });
});
