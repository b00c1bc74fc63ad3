import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { waitFor } from '../../crash/rig/wait-for.js';

export interface TestNamespace {
  readonly name: string;
  readonly kubeconfig: string;
  kubectl(...args: readonly string[]): Promise<string>;
  /** `kubectl apply` of these objects. */
  apply(...objects: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

/** A namespace of its own in the project's cluster; what is in it goes with it. */
export async function createNamespace(kubeconfig: string): Promise<TestNamespace> {
  const name = `test-${randomBytes(4).toString('hex')}`;
  const run = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('kubectl', ['--kubeconfig', kubeconfig, ...args], { maxBuffer: 2 ** 26 }))
      .stdout;
  await run('create', 'namespace', name);
  // Pods are made with an account that a controller makes first.
  await waitFor('its account', () => run('-n', name, 'get', 'serviceaccount', 'default'));
  return {
    name,
    kubeconfig,
    kubectl: (...args) => run('-n', name, ...args),
    async apply(...objects) {
      const child = promisify(execFile)('kubectl', [
        '--kubeconfig',
        kubeconfig,
        '-n',
        name,
        'apply',
        '-f',
        '-',
      ]);
      child.child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      await child;
    },
    async close() {
      await run('delete', 'namespace', name, '--wait=true', '--timeout=120s');
    },
  };
}

export interface PodOptions {
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly object[];
  readonly ready?: object;
  readonly graceSeconds?: number;
  readonly more?: object;
}

/** A template of pods of one container, called `main`, labelled with the name. */
export const podTemplate = (name: string, options: PodOptions): object => ({
  metadata: { labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: options.graceSeconds ?? 1,
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: options.image,
        imagePullPolicy: 'Never',
        command: options.command,
        ...(options.env && { env: options.env }),
        ...(options.ready && { readinessProbe: options.ready }),
        ...options.more,
      },
    ],
  },
});

export const workloadOf = (
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  name: string,
  options: PodOptions & { readonly replicas?: number; readonly spec?: object; readonly metadata?: object },
): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, ...options.metadata },
  spec: {
    ...(kind !== 'DaemonSet' && { replicas: options.replicas ?? 2 }),
    ...(kind === 'StatefulSet' && { serviceName: name }),
    selector: { matchLabels: { app: name } },
    template: podTemplate(name, options),
    ...options.spec,
  },
});
