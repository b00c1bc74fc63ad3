import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Files of a node that is this machine: containerd with runc, a bridge of its own, a kubelet that trusts everybody on
 * 127.0.0.1. Gives the script that starts them; it is process 1 of a namespace of its own.
 */
export async function nodeFiles(of: {
  readonly root: string;
  readonly bin: string;
  /** Name of the bridge that pods are on. */
  readonly bridge: string;
  /** Of the kubelet. */
  readonly port: number;
}): Promise<string> {
  const { root, bin, bridge, port } = of;
  const at = (name: string): string => join(root, name);
  await mkdir(at('cni'));
  await mkdir(at('kubelet'));
  const subnet = `10.${200 + Math.floor(Math.random() * 50)}.${Math.floor(Math.random() * 250)}.0/24`;
  const network = {
    cniVersion: '0.4.0',
    name: bridge,
    plugins: [
      {
        ...{ type: 'bridge', bridge, isGateway: true, ipMasq: false, hairpinMode: true },
        ipam: {
          ...{ type: 'host-local', dataDir: at('addresses'), ranges: [[{ subnet }]] },
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
  await writeFile(at('cni/10-test.conflist'), JSON.stringify(network));
  await writeFile(
    at('containerd.toml'),
    `version = 2
root = "${at('containerd')}"
state = "${at('containerd-run')}"
[grpc]
  address = "${at('containerd.sock')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # Without the capability to lower it, runc dies of setting oom_score_adj.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${join(bin, 'cni')}"
    conf_dir = "${at('cni')}"
`,
  );
  await writeFile(
    at('kubelet.yaml'),
    `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
address: 127.0.0.1
port: ${port}
readOnlyPort: 0
healthzPort: 0
tlsCertFile: ${at('server.crt')}
tlsPrivateKeyFile: ${at('server.key')}
containerRuntimeEndpoint: unix://${at('containerd.sock')}
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
localStorageCapacityIsolation: false
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1% }
imageGCHighThresholdPercent: 100
registerNode: true
volumePluginDir: ${at('kubelet/plugins')}
`,
  );
  const script = at('node.sh');
  await writeFile(
    script,
    `mount --make-rprivate /
containerd --config '${at('containerd.toml')}' >'${at('containerd.log')}' 2>&1 &
until ctr --address '${at('containerd.sock')}' version >/dev/null 2>&1; do sleep 0.1; done
echo up >'${at('containerd.up')}'
exec '${join(bin, 'kubelet')}' --config '${at('kubelet.yaml')}' --kubeconfig '${at('kubeconfig')}' \\
  --root-dir '${at('kubelet')}' --cert-dir '${at('kubelet/pki')}' --hostname-override localhost >'${at('kubelet.log')}' 2>&1
`,
  );
  return script;
}
