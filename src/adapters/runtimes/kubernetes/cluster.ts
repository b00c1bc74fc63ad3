import { SteadyError } from '../../../contracts/failures.js';
import { runTool, type RunToolOptions } from '../../../pipelines/run-tool.js';
import type { CallOptions, ServiceHandle } from '../port.js';
import { getObject, getObjects, type Argv, type KubernetesTarget } from './argv.js';
import {
  parseItems,
  parseObject,
  podSchema,
  workloadSchema,
  type ContainerObject,
  type Pod,
  type WorkloadObject,
} from './objects.js';

/** Runs a short kubectl in the folder of the stack file. */
export type RunKubectl = (
  argv: Argv,
  options?: CallOptions & Pick<RunToolOptions, 'limitSeconds' | 'okCodes' | 'input'>,
) => Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }>;

export const createRunKubectl =
  (baseFolder: string): RunKubectl =>
  (argv, options) =>
    runTool({ argv, cwd: baseFolder, label: argv[0] }, { limitSeconds: 60, ...options });

/** A service as a workload of a cluster: the object and its pods. */
export interface Cluster {
  readonly target: KubernetesTarget;
  readonly run: RunKubectl;
  /** Undefined where there is none. */
  find(service: ServiceHandle, options?: CallOptions): Promise<WorkloadObject | undefined>;
  /** Fails with `service.failed` where there is none. */
  workload(service: ServiceHandle, options?: CallOptions): Promise<WorkloadObject>;
  /** Those that its controller made; newest last. */
  pods(workload: WorkloadObject, options?: CallOptions): Promise<Pod[]>;
}

/** `deployment/api`, as the stack file names it or the service is called. */
export const workloadName = ({ name, workload }: ServiceHandle): string => workload ?? `deployment/${name}`;

export function createCluster(target: KubernetesTarget, run: RunKubectl): Cluster {
  const find: Cluster['find'] = async (service, options) => {
    const { code, stdout, stderr } = await run(getObject(target, workloadName(service)), {
      ...options,
      okCodes: [0, 1],
    });
    if (code === 0) return parseObject(workloadSchema, stdout);
    if (/\(NotFound\)/.test(stderr)) return undefined;
    // The API server says what it is; a cluster that cannot be reached may be soon.
    throw new SteadyError('service.failed', {
      service: service.name,
      action: 'state',
      says: lastLine(stderr),
    });
  };
  return {
    target,
    run,
    find,
    async workload(service, options) {
      const found = await find(service, options);
      if (found !== undefined) return found;
      const error = `no ${workloadName(service)} in namespace ${target.namespace}`;
      throw new SteadyError('service.failed', { service: service.name, error }, { retryable: false });
    },
    async pods(workload, options) {
      const { matchLabels, matchExpressions } = workload.spec.selector;
      if ((matchExpressions?.length ?? 0) > 0)
        throw new SteadyError('config.invalid', {
          workload: workload.metadata.name,
          error: 'its selector has matchExpressions; matchLabels alone are understood',
        });
      const selector = Object.entries(matchLabels)
        .map(([name, value]) => `${name}=${value}`)
        .join(',');
      const { stdout } = await run(getObjects(target, { kind: 'pods', selector }), options);
      return parseItems(podSchema, stdout)
        .filter((pod) => isOwned(pod, workload))
        .sort((a, b) =>
          (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''),
        );
    },
  };
}

/** A Deployment owns its pods by ReplicaSets that begin with its name; the others own them themselves. */
function isOwned(pod: Pod, { kind, metadata }: WorkloadObject): boolean {
  return pod.metadata.ownerReferences.some((owner) =>
    kind === 'Deployment'
      ? owner.kind === 'ReplicaSet' && owner.name.startsWith(`${metadata.name}-`)
      : owner.uid === metadata.uid,
  );
}

/** The container that is the service: the only one, or the one that is named. */
export function containerOf(service: ServiceHandle, { spec, metadata }: WorkloadObject): ContainerObject {
  const { containers } = spec.template.spec;
  const [first] = containers;
  const named = containers.find((one) => one.name === service.container);
  if (named !== undefined) return named;
  if (service.container === undefined && containers.length === 1 && first !== undefined) return first;
  throw new SteadyError('config.invalid', {
    service: service.name,
    workload: metadata.name,
    error:
      service.container === undefined
        ? 'its pods have several containers: name one by container'
        : 'no such container',
    allowed: containers.map((one) => one.name).join(','),
  });
}

export const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
