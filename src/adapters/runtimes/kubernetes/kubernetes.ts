import { basename } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { reapMarked } from '../../../pipelines/reap.js';
import type { Tool } from '../../../pipelines/tool.js';
import { onThisHost } from '../on-this-host.js';
import type { CallOptions, RuntimePort, ServiceHandle } from '../port.js';
import { runMerged } from '../run-merged.js';
import { serviceFailure } from '../service-failure.js';
import { deletePod, patchObject, podLogs, scaleWorkload, type KubernetesTarget } from './argv.js';
import { containerOf, createCluster, createRunKubectl, workloadName } from './cluster.js';
import { OURS, type Pod, type WorkloadObject } from './objects.js';
import { annotationPatch } from './patches.js';
import { instancesIn, stateIn } from './pods.js';
import { createRollouts } from './rollouts.js';
import { createScalers } from './scalers.js';

export interface KubernetesRuntimeOptions {
  readonly config: KubernetesTarget;
  /** Folder of the stack file: the kubeconfig is relative to it. */
  readonly baseFolder: string;
  /** Of tools on this host. */
  readonly niceness?: number | undefined;
}

const LOG_BYTES = 8 * 2 ** 20;
const LOG_SECONDS = 60;
/** What the cluster may need beyond the drain time, in seconds. */
const CLUSTER_SECONDS = 60;

/** Services as workloads of one namespace, by kubectl. */
export function createKubernetesRuntime({
  config,
  baseFolder,
  niceness,
}: KubernetesRuntimeOptions): RuntimePort {
  const run = createRunKubectl(baseFolder);
  const cluster = createCluster(config, run);
  const scalers = createScalers(cluster);

  interface Found {
    readonly workload: WorkloadObject;
    readonly pods: readonly Pod[];
    readonly container: string;
  }
  const find = async (handle: ServiceHandle, options?: CallOptions): Promise<Found | undefined> => {
    const workload = await cluster.find(handle, options);
    if (workload === undefined) return undefined;
    const pods = await cluster.pods(workload, options);
    return { workload, pods, container: containerOf(handle, workload).name };
  };
  const state: RuntimePort['state'] = async (handle, options) => {
    const found = await find(handle, options);
    return stateIn(handle.name, found?.workload, found ?? { pods: [], container: '' });
  };
  const scaleTo = async (
    handle: ServiceHandle,
    count: number,
    action: 'start' | 'stop',
    options?: CallOptions,
  ) => {
    await run(scaleWorkload(config, { workload: workloadName(handle), count }), options).catch(
      serviceFailure(handle.name, action),
    );
  };
  const later = (what: string): SteadyError =>
    new SteadyError('config.invalid', {
      error: `${what} beside a service of a cluster: not in this version`,
    });
  const onHost = (tool: Tool, marker: string) => onThisHost(tool, { marker, cwd: baseFolder, niceness });

  return {
    kind: 'kubernetes',
    place(tool, { service, marker }) {
      if (service === undefined) return onHost(tool, marker);
      throw later(`${basename(tool.argv[0])} in a pod`);
    },
    placeBeside(tool) {
      throw later(basename(tool.argv[0]));
    },
    placeOnVolume(tool) {
      throw later(basename(tool.argv[0]));
    },
    openThrowaway: () => Promise.reject(later('a container')),
    async endMarked({ marker }) {
      if (marker === '')
        throw new SteadyError('internal', { error: 'endMarked without a marker would end everything' });
      await reapMarked(marker);
    },
    published: () => Promise.resolve([]),
    state,
    states: (handles, options) => Promise.all(handles.map((handle) => state(handle, options))),

    async stop(handle, options) {
      const workload = await cluster.workload(handle, options);
      const count = workload.spec.replicas ?? 1;
      if (workload.kind === 'DaemonSet')
        throw new SteadyError(
          'service.failed',
          { service: handle.name, action: 'stop', error: 'a DaemonSet cannot be scaled to 0' },
          { retryable: false },
        );
      if (count > 0) {
        // The number first, so that a start goes back to it whatever happens now.
        const patch = annotationPatch({ [OURS.count]: String(count) });
        await run(patchObject(config, { object: workloadName(handle), patch }), options).catch(
          serviceFailure(handle.name, 'stop'),
        );
        await scaleTo(handle, 0, 'stop', options);
      }
      await untilGone(handle, options);
    },

    async start(handle, options) {
      const workload = await cluster.workload(handle, options);
      if ((workload.spec.replicas ?? 1) > 0 || workload.kind === 'DaemonSet') return;
      await scaleTo(handle, Number(workload.metadata.annotations[OURS.count] ?? 1), 'start', options);
    },

    async instances(handle, options) {
      const found = await find(handle, options);
      return found === undefined ? [] : instancesIn(found.pods, found.container);
    },

    async restart(handle, id, options) {
      const found = await find(handle, options);
      const pod = found?.pods.find((one) => one.metadata.uid === id);
      if (pod === undefined) return;
      const { drainSeconds } = handle;
      await run(deletePod(config, { pod: pod.metadata.name, drainSeconds }), {
        ...options,
        limitSeconds: drainSeconds + CLUSTER_SECONDS,
      }).catch(serviceFailure(handle.name, 'restart'));
    },

    async logs(handle, { lines, since, previous, signal }) {
      const workload = await cluster.workload(handle, { ...(signal && { signal }) });
      const container = containerOf(handle, workload).name;
      const texts: string[] = [];
      for (const { metadata, status } of await cluster.pods(workload, { ...(signal && { signal }) })) {
        const own = status.containerStatuses.find((one) => one.name === container);
        // The API server refuses the log of what never ran.
        const began = own?.state.running !== undefined || own?.state.terminated !== undefined;
        if (!began && (own?.restartCount ?? 0) === 0) continue;
        if (previous === true && (own?.restartCount ?? 0) === 0) continue;
        texts.push(
          await runMerged({
            argv: podLogs(config, { pod: metadata.name, container, lines, since, previous }),
            cwd: baseFolder,
            limitSeconds: LOG_SECONDS,
            maxBytes: LOG_BYTES,
            signal,
          }).catch(serviceFailure(handle.name, 'logs')),
        );
      }
      return texts.join('');
    },

    rollouts: createRollouts(cluster, scalers),
  };

  /** Until no pod of it is left, on its way out either. */
  async function untilGone(handle: ServiceHandle, options?: CallOptions): Promise<void> {
    const until = performance.now() + (handle.drainSeconds + CLUSTER_SECONDS) * 1000;
    for (;;) {
      const found = await find(handle, options);
      if ((found?.pods.length ?? 0) === 0) return;
      if (performance.now() > until)
        throw new SteadyError('service.failed', {
          service: handle.name,
          action: 'stop',
          error: 'its pods do not end',
        });
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

const LOOK_MS = 500;
