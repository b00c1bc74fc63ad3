import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject } from 'vitest';
import { waitFor } from '../../crash/rig/wait-for.js';
import { imageOf } from '../../services/kubernetes/images.js';
import { createNamespace, workloadOf, type TestNamespace } from '../../services/kubernetes/namespace.js';
import { builtSteady } from '../rig/build.js';
import { runSteady, type Ran } from '../rig/run-steady.js';
import { APP } from './app.js';
import { startLoad, type Load } from './load.js';
import { startUp } from './start-up.js';

/** A service of two pods behind nginx, which is fed with the addresses of those that are ready, and `steady up` beside. */
export interface KubernetesStack {
  readonly folder: string;
  readonly space: TestNamespace;
  steady(...args: string[]): Promise<Ran>;
  /** A command that must end well; gives its document. */
  well(...args: string[]): Promise<Ran['json']>;
  /** Images of the pods that run. */
  images(): Promise<string[]>;
  underLoad(what: () => Promise<unknown>): Promise<Load>;
  close(): Promise<void>;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly deletionTimestamp?: string };
    readonly spec: { readonly containers: readonly { readonly image: string }[] };
    readonly status: {
      readonly podIP?: string;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }[];
}

const http = { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1 };
/** As clusters are set up where no request may be lost: more before less, and time for routers to hear of an end. */
const SPEC = { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }, minReadySeconds: 1 };
const LIFECYCLE = { lifecycle: { preStop: { exec: { command: ['sleep', '4'] } } } };

/** @param env more of the environment of `steady up` */
export async function startKubernetesStack(
  env: (folder: string) => NodeJS.ProcessEnv = () => ({}),
): Promise<KubernetesStack> {
  const main = await builtSteady();
  const space = await createNamespace(inject('kubeconfig'));
  const folder = await mkdtemp(join(tmpdir(), 'steady-k8s-stack-'));
  const app = {
    image: imageOf('1'),
    command: ['python3', '-c', APP],
    ready: http,
    graceSeconds: 15,
    more: LIFECYCLE,
  };
  await space.apply(
    workloadOf('Deployment', 'api', { ...app, replicas: 2, spec: SPEC }),
    workloadOf('Deployment', 'edge', { image: imageOf('1'), command: ['sleep', 'infinity'], replicas: 1 }),
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'api' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
        ...{ minReplicas: 2, maxReplicas: 5 },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
          },
        ],
      },
    },
  );
  const podsOf = async (name: string): Promise<PodList['items']> =>
    (JSON.parse(await space.kubectl('get', 'pods', '-l', `app=${name}`, '-o', 'json')) as PodList).items;
  for (const name of ['api', 'edge'])
    await space.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=90s');
  const ingress = await startIngress(space, podsOf);
  const host = await waitFor('the address of nginx', async () => (await podsOf('edge'))[0]?.status.podIP);

  for (const name of ['points', 'backups', 'files']) await mkdir(join(folder, name));
  await writeFile(
    join(folder, 'steady.yaml'),
    `version: 1
stack: ${space.name}
runtime: { kubernetes: { namespace: ${space.name}, kubeconfig: ${space.kubeconfig} } }
storage: { main: { directory: { path: backups } } }
stores:
  files: { files: { path: files } }
services:
  api:
    health: { http: { url: "http://${host}/health", expect: { json: { status: healthy } } } }
    healthWithin: 20s
    drain: 10s
    log: { watch: 1s }
plans:
  nightly: { schedule: "30 3 * * *", stores: [files], keep: { last: 3 }, rpo: 24h }
`,
  );
  const plain = { ...process.env, TEMPORAL_ADDRESS: undefined, NO_COLOR: '1' };
  const up = await startUp({ main, folder, env: { ...plain, ...env(folder) } });
  const steady = (...args: string[]): Promise<Ran> => runSteady(args, { main, cwd: folder, env: plain });
  return {
    folder,
    space,
    steady,
    async well(...args) {
      const ran = await steady('--json', ...args);
      expect(ran.code, ran.stdout + ran.stderr).toBe(0);
      return ran.json;
    },
    images: async () =>
      (await podsOf('api'))
        .filter((one) => one.metadata.deletionTimestamp === undefined)
        .flatMap((one) => one.spec.containers.map(({ image }) => image)),
    async underLoad(what) {
      const load = startLoad({ host, port: 80 });
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
      await ingress.stop();
      await space.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What an ingress controller does: nginx gets those pods that are ready and not on their way out, whenever they change. */
async function startIngress(
  space: TestNamespace,
  podsOf: (name: string) => Promise<PodList['items']>,
): Promise<{ stop(): Promise<void> }> {
  let stopped = false;
  let told = '';
  const look = async (): Promise<void> => {
    const ready = (await podsOf('api')).filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true,
    );
    const servers = ready.map(({ status }) => `server ${status.podIP}:8000;`).sort();
    const config = `events {} http { access_log off; upstream api { ${servers.join(' ')} } server { listen 80; location / { proxy_pass http://api; proxy_connect_timeout 2s; } } }`;
    if (servers.length === 0 || config === told) return;
    const begin = told === '' ? 'nginx' : 'nginx -s reload';
    await space.kubectl(
      'exec',
      'deployment/edge',
      '--',
      'sh',
      '-c',
      `printf '%s' '${config}' >/etc/nginx/nginx.conf; ${begin} >/dev/null 2>&1 </dev/null`,
    );
    told = config;
  };
  await waitFor('nginx to be told of pods', async () => {
    await look();
    return told !== '';
  });
  const loop = (async () => {
    while (!stopped) {
      await look().catch(() => undefined);
      await sleep(200);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
    },
  };
}
