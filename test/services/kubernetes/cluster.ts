import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atTheEnd } from '../docker.js';
import { freePorts } from '../free-port.js';
import { startServer, type ServerProcess } from '../server-process.js';
import { nodeFiles } from './node-files.js';
import { importImages } from './images.js';

const run = promisify(execFile);

/** A Kubernetes API with one real node: pods are real containers, each with an address that this machine reaches. */
export interface KubernetesCluster {
  readonly kubeconfig: string;
  /** `kubectl …` as an administrator; its stdout. */
  kubectl(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

const VERSION = '1.33.13';

/**
 * Starts etcd, API server, controller manager, scheduler, and containerd with a kubelet, all on 127.0.0.1. Whatever
 * becomes of this process, nothing of it stays: the node and its pods live in namespaces (of processes and of mounts)
 * that the kernel ends with it.
 */
export async function startKubernetes(): Promise<KubernetesCluster> {
  const bin = join(process.env['STEADY_TOOLS'] ?? '', `kubernetes-${VERSION}`);
  const root = await mkdtemp(join(tmpdir(), 'steady-k8s-'));
  const [port = 0, manager = 0, scheduler = 0, etcd = 0, peer = 0, kubelet = 0] = await freePorts(6);
  const bridge = `k8s${randomBytes(4).toString('hex')}`;
  const removeBridge = atTheEnd('ip', 'link', 'del', bridge);
  const at = (name: string): string => join(root, name);
  const servers: ServerProcess[] = [];
  const cluster: KubernetesCluster = {
    kubeconfig: at('kubeconfig'),
    kubectl: async (...args) =>
      (await run('kubectl', ['--kubeconfig', at('kubeconfig'), ...args], { maxBuffer: 2 ** 26 })).stdout,
    async close() {
      for (const server of servers.reverse()) await server.end();
      await removeBridge();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const start = async (
    argv: readonly [string, ...string[]],
    ready: () => Promise<unknown>,
    limitSeconds = 60,
  ): Promise<void> => {
    servers.push(
      await startServer({ argv, cwd: root, limitSeconds, ready: async () => (await ready(), true) }),
    );
  };
  try {
    await makeKeys(root);
    const token = randomBytes(16).toString('hex');
    await writeFile(at('tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    await writeFile(at('kubeconfig'), kubeconfigText({ port, token, ca: at('ca.crt') }), { mode: 0o600 });
    const url = `http://127.0.0.1:${etcd}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    await start(
      [
        ...([join(bin, 'etcd'), '--data-dir', at('etcd'), '--unsafe-no-fsync'] as const),
        ...['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peerUrl],
        ...['--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`],
      ],
      () => fetch(`${url}/health`),
    );
    await start(
      [
        ...([join(bin, 'kube-apiserver'), '--etcd-servers', url, '--bind-address', '127.0.0.1'] as const),
        ...['--advertise-address', '127.0.0.1', '--secure-port', String(port), '--allow-privileged'],
        ...['--tls-cert-file', at('server.crt'), '--tls-private-key-file', at('server.key')],
        ...[
          '--client-ca-file',
          at('ca.crt'),
          '--cert-dir',
          at('certs'),
          '--token-auth-file',
          at('tokens.csv'),
        ],
        ...['--authorization-mode', 'Node,RBAC', '--service-cluster-ip-range', '10.96.0.0/16'],
        ...['--service-account-issuer', 'https://kubernetes.default.svc'],
        ...[
          '--service-account-key-file',
          at('accounts.key'),
          '--service-account-signing-key-file',
          at('accounts.key'),
        ],
        ...['--endpoint-reconciler-type', 'none', '--enable-priority-and-fairness=false'],
        ...['--kubelet-client-certificate', at('server.crt'), '--kubelet-client-key', at('server.key')],
        ...['--kubelet-preferred-address-types', 'Hostname,InternalIP'],
      ],
      () => cluster.kubectl('get', '--raw', '/readyz'),
    );
    const own = [
      '--kubeconfig',
      at('kubeconfig'),
      '--bind-address',
      '127.0.0.1',
      '--cert-dir',
      at('certs'),
    ] as const;
    await start(
      [
        ...([join(bin, 'kube-controller-manager'), ...own, '--secure-port', String(manager)] as const),
        ...['--leader-elect=false', '--service-account-private-key-file', at('accounts.key')],
        ...['--root-ca-file', at('ca.crt'), '--use-service-account-credentials=false'],
      ],
      () => cluster.kubectl('--namespace=default', 'get', 'serviceaccount', 'default'),
    );
    await start(
      [
        ...([
          join(bin, 'kube-scheduler'),
          '--kubeconfig',
          at('kubeconfig'),
          '--bind-address',
          '127.0.0.1',
        ] as const),
        ...['--authentication-kubeconfig', at('kubeconfig'), '--authorization-kubeconfig', at('kubeconfig')],
        ...['--cert-dir', at('certs'), '--secure-port', String(scheduler), '--leader-elect=false'],
      ],
      () => Promise.resolve(),
    );
    const script = await nodeFiles({ root, bin, bridge, port: kubelet });
    const inside = [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      script,
    ] as const;
    await start([...inside], async () => {
      if (!(await readFile(at('containerd.up'), 'utf8')).includes('up')) throw new Error('not yet');
    });
    await importImages({ root });
    await cluster.kubectl('wait', '--for=condition=Ready', 'node', '--all', '--timeout=60s');
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function makeKeys(root: string): Promise<void> {
  const at = (name: string): string => join(root, name);
  await mkdir(at('certs'));
  const openssl = async (...args: string[]) => run('openssl', args, { cwd: root });
  await openssl('genrsa', '-out', 'accounts.key', '2048');
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=test-ca',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  await openssl('req', ...key, '-subj', '/CN=127.0.0.1', '-keyout', 'server.key', '-out', 'server.csr');
  await writeFile(
    at('names'),
    'subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc',
  );
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  await openssl('x509', '-req', '-in', 'server.csr', ...signed, '-days', '2', '-out', 'server.crt');
}

const kubeconfigText = ({
  port,
  token,
  ca,
}: {
  port: number;
  token: string;
  ca: string;
}): string => `apiVersion: v1
kind: Config
clusters: [{ name: test, cluster: { server: "https://127.0.0.1:${port}", certificate-authority: "${ca}" } }]
users: [{ name: admin, user: { token: ${token} } }]
contexts: [{ name: test, context: { cluster: test, user: admin } }]
current-context: test
`;
