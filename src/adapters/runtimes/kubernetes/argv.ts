import type { KubernetesRuntimeConfig } from '../../../contracts/stack/runtime.js';

/** A command as words; pure, so that each is tested without a process. */
export type Argv = readonly [string, ...string[]];

/** Which cluster and which part of it; nothing is guessed. */
export type KubernetesTarget = KubernetesRuntimeConfig;

/** One answer of the API server; what waits has limits of its own. */
const REQUEST_TIMEOUT = '20s';

/** `kubectl` with cluster and namespace. */
export function kubectl(target: KubernetesTarget): Argv {
  return [
    'kubectl',
    ...option('--kubeconfig', target.kubeconfig),
    ...option('--context', target.context),
    `--namespace=${target.namespace}`,
  ];
}

const requesting = (target: KubernetesTarget): Argv => [
  ...kubectl(target),
  `--request-timeout=${REQUEST_TIMEOUT}`,
];

/** Objects as JSON: by `kind/name`, or all of a kind that have labels. */
export function getObject(target: KubernetesTarget, object: string): Argv {
  return [...requesting(target), 'get', object, '-o', 'json'];
}

export function getObjects(target: KubernetesTarget, to: { kind: string; selector?: string }): Argv {
  return [...requesting(target), 'get', to.kind, ...option('-l', to.selector), '-o', 'json'];
}

/** A strategic merge patch, or a plain merge where the kind has no other. In words: kubectl reads no patch from a pipe. */
export function patchObject(
  target: KubernetesTarget,
  to: { object: string; type?: 'strategic' | 'merge'; patch: object },
): Argv {
  const type = `--type=${to.type ?? 'strategic'}`;
  return [...requesting(target), 'patch', to.object, type, `--patch=${JSON.stringify(to.patch)}`];
}

/** Back to what the object was as that rollout, whole. */
export function rolloutUndo(target: KubernetesTarget, to: { workload: string; rollout: number }): Argv {
  return [...requesting(target), 'rollout', 'undo', to.workload, `--to-revision=${to.rollout}`];
}

export function scaleWorkload(target: KubernetesTarget, to: { workload: string; count: number }): Argv {
  return [...requesting(target), 'scale', to.workload, `--replicas=${to.count}`];
}

/** `-c`: pods with a sidecar have several. `since` is RFC 3339. */
export function podLogs(
  target: KubernetesTarget,
  to: {
    pod: string;
    container: string;
    lines: number;
    since?: string | undefined;
    previous?: boolean | undefined;
  },
): Argv {
  return [
    ...kubectl(target),
    'logs',
    to.pod,
    '-c',
    to.container,
    `--tail=${to.lines}`,
    ...(to.since === undefined ? [] : [`--since-time=${to.since}`]),
    ...(to.previous === true ? ['--previous'] : []),
  ];
}

/** Its controller makes another one. */
export function deletePod(target: KubernetesTarget, to: { pod: string; drainSeconds: number }): Argv {
  return [
    ...kubectl(target),
    'delete',
    'pod',
    to.pod,
    '--ignore-not-found',
    `--grace-period=${Math.ceil(to.drainSeconds)}`,
    '--wait=true',
  ];
}

function option(flag: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [flag, value];
}
