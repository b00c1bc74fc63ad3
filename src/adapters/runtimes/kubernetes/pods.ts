import type { Instance, ServiceState } from '../port.js';
import { OURS, type Pod, type WorkloadObject } from './objects.js';

type Status = Pod['status']['containerStatuses'][number];

/** Pods as instances of a service; those on their way out are none. */
export function instancesIn(pods: readonly Pod[], container: string): Instance[] {
  return pods.flatMap((pod): Instance[] => {
    const { metadata, spec, status } = pod;
    if (metadata.deletionTimestamp !== undefined) return [];
    const own = status.containerStatuses.find((one) => one.name === container);
    const image = spec.containers.find((one) => one.name === container)?.image;
    const startedAt = own?.state.running?.startedAt;
    const revision = metadata.annotations[OURS.revision];
    const health = healthOf(own);
    return [
      {
        id: metadata.uid,
        start: `${metadata.uid} ${own?.restartCount ?? 0}`,
        name: metadata.name,
        status: own?.state.running === undefined ? 'stopped' : 'running',
        ...(health && { health }),
        ...(startedAt !== undefined && { startedAt }),
        ...(image !== undefined && { image, imageName: image }),
        ...(revision !== undefined && { revision: Number(revision) }),
        ...(status.podIP !== undefined && { addresses: { pod: status.podIP } }),
      },
    ];
  });
}

/** Readiness is what a pod's health is to those who ask it. */
function healthOf(own: Status | undefined): Instance['health'] {
  if (own?.state.running === undefined) return undefined;
  return own.ready ? 'healthy' : 'starting';
}

/** A workload and its pods as one state. */
export function stateIn(
  service: string,
  workload: WorkloadObject | undefined,
  of: { readonly pods: readonly Pod[]; readonly container: string },
): ServiceState {
  if (workload === undefined) return { service, status: 'missing' };
  const instances = instancesIn(of.pods, of.container);
  const wanted = workload.kind === 'DaemonSet' ? instances.length : (workload.spec.replicas ?? 1);
  const up = instances.filter((one) => one.status === 'running');
  const restarts = of.pods
    .flatMap((pod) => pod.status.containerStatuses.filter((one) => one.name === of.container))
    .reduce((sum, one) => sum + one.restartCount, 0);
  const [first] = up;
  return {
    service,
    // Told to run, and none does: it is on its way, or in trouble; its health tells which.
    status: wanted === 0 ? 'stopped' : 'running',
    ...(wanted > 0 && {
      health: isWhole(up, wanted) ? 'healthy' : up.length === 0 ? 'unhealthy' : 'starting',
    }),
    restarts,
    ...(first?.image !== undefined && { image: first.image }),
    ...(first?.startedAt !== undefined && { startedAt: first.startedAt }),
  };
}

const isWhole = (up: readonly Instance[], wanted: number): boolean =>
  up.filter((one) => one.health === 'healthy').length >= wanted;
