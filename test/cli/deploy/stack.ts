import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { redisService, startCompose, type ComposeProject } from '../../services/compose.js';
import { docker, IMAGE, uniqueName } from '../../services/docker.js';
import { freePort } from '../../services/free-port.js';
import { builtSteady } from '../rig/build.js';
import { runSteady, type Ran } from '../rig/run-steady.js';
import { APP } from './app.js';
import { startLoad, type Load } from './load.js';
import { startUp } from './start-up.js';

/** Two instances of a service behind nginx, containers all, and `steady up` beside them. */
export interface DeployStack {
  readonly project: ComposeProject;
  /** Port of nginx on 127.0.0.1. */
  readonly port: number;
  /** The image of a version: 1 runs, 2 is another, `ill` never becomes healthy, any other is nowhere. */
  image(version: string): string;
  steady(...args: string[]): Promise<Ran>;
  /** A command that must end well; gives its document. */
  well(...args: string[]): Promise<Ran['json']>;
  /** Versions that run, one an instance. */
  versions(): Promise<string[]>;
  /** What is done while a client asks all the time: no request may fail. */
  underLoad(what: () => Promise<unknown>): Promise<Load>;
  close(): Promise<void>;
}

const NGINX = `
events {}
http {
  access_log off;
  include /etc/nginx/steady/*.conf;
  server {
    listen 80;
    location / { proxy_pass http://api; proxy_connect_timeout 2s; }
  }
}
`;
const FIRST_ROUTE = 'upstream api { server api:8000; }';

/**
 * @param env more of the environment of `steady up`
 * @param steps more of what a deploy of api goes by, and of the stack file
 */
export async function startDeployStack(
  env: (folder: string) => NodeJS.ProcessEnv = () => ({}),
  steps: { readonly deploy?: string; readonly file?: string } = {},
): Promise<DeployStack> {
  const main = await builtSteady();
  // A registry that refuses at once: what is asked for is here already.
  const repository = `127.0.0.1:1/${uniqueName()}`;
  const image = (version: string): string => `${repository}:${version}`;
  for (const [version, change] of [
    ['1', 'ENV VERSION=1'],
    ['2', 'ENV VERSION=2'],
    ['ill', 'ENV VERSION=ill ILL=1'],
  ] as const) {
    const container = (await docker('create', IMAGE)).trim();
    const label = `LABEL org.opencontainers.image.revision=commit-${version}`;
    await docker('commit', '--change', change, '--change', label, container, image(version));
    await docker('rm', container);
  }
  const port = await freePort();
  const project = await startCompose({
    services: {
      cache: { ...redisService({ password: 'a-secret' }), volumes: ['cache:/data'] },
      api: {
        image: image('1'),
        command: ['python3', '-c', APP],
        stop_grace_period: '5s',
        deploy: { replicas: 2 },
      },
      edge: {
        image: IMAGE,
        command: [
          ...['sh', '-c'],
          [
            'mkdir -p /etc/nginx/steady',
            `[ -e /etc/nginx/steady/api.conf ] || echo '${FIRST_ROUTE}' >/etc/nginx/steady/api.conf`,
            `printf '%s' '${NGINX}' >/etc/nginx/nginx.conf`,
            `exec nginx -g 'daemon off; error_log /dev/stderr;'`,
          ].join('\n'),
        ],
        // The same after a restart of it.
        ports: [`127.0.0.1:${port}:80`],
        volumes: ['routes:/etc/nginx/steady'],
        depends_on: ['api'],
        healthcheck: { test: ['CMD', 'curl', '-sf', 'http://127.0.0.1/'], interval: '1s', retries: 30 },
      },
    },
    volumes: { cache: {}, routes: {} },
  });
  const { folder } = project;
  const health = `{ http: { url: "http://127.0.0.1:${port}/health", expect: { json: { status: healthy } } } }`;
  await writeFile(
    join(folder, 'steady.yaml'),
    `version: 1
stack: ${project.name.slice(0, 40)}
runtime: { compose: { files: [compose.yml], project: ${project.name} } }
storage: { main: { directory: { path: backups } } }
stores:
  cache: { redis: { service: cache, password: { env: REDIS_PASSWORD } } }
routers:
  edge: { nginx: { service: edge, folder: /etc/nginx/steady } }
checks:
  front: ${health}
services:
  api:
    router: { name: edge, port: 8000 }
    health: ${health}
    healthWithin: 20s
    drain: 5s
    log: { watch: 1s }
    deploy: { smoke: [front]${steps.deploy ?? ''} }
  edge:
    needs: [api]
${steps.file ?? ''}plans:
  nightly: { schedule: "30 3 * * *", stores: [cache], keep: { last: 3 }, rpo: 24h }
`,
  );
  for (const name of ['points', 'backups']) await mkdir(join(folder, name));
  const plain = { ...process.env, TEMPORAL_ADDRESS: undefined, NO_COLOR: '1' };
  const up = await startUp({ main, folder, env: { ...plain, REDIS_PASSWORD: 'a-secret', ...env(folder) } });
  const steady = (...args: string[]): Promise<Ran> => runSteady(args, { main, cwd: folder, env: plain });

  return {
    project,
    port,
    image,
    steady,
    async well(...args) {
      const ran = await steady('--json', ...args);
      expect(ran.code, ran.stdout + ran.stderr).toBe(0);
      return ran.json;
    },
    async versions() {
      const ids = (await project.compose('ps', '-q', 'api')).split('\n').filter(Boolean);
      const all = await docker('inspect', '-f', '{{range .Config.Env}}{{println .}}{{end}}', ...ids);
      return all.split('\n').flatMap((line) => (line.startsWith('VERSION=') ? [line.slice(8)] : []));
    },
    async underLoad(what) {
      const load = startLoad({ port });
      try {
        await what();
      } finally {
        await load.stop();
      }
      expect(load.failed).toEqual([]);
      return load;
    },
    async close() {
      if (up.exitCode === null) {
        const gone = once(up, 'exit');
        up.kill('SIGTERM');
        await gone;
      }
      await project.close();
      const reference = `reference=steadyhand/${project.name.slice(0, 40)}-*`;
      const kept = (await docker('images', '-q', '--filter', reference)).split('\n').filter(Boolean);
      await docker('rmi', '-f', ...new Set(kept), ...['1', '2', 'ill'].map(image));
    },
  };
}
