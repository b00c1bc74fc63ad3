import type { Workload } from '../port.js';
import type { Pod, WorkloadObject } from './objects.js';

type Rollout = Workload['rollout'];

/** Waiting for these goes on for ever, or until somebody does something; Kubernetes itself calls none of them a failure. */
const STUCK =
  /^(ErrImageNeverPull|ErrImagePull|ImagePullBackOff|InvalidImageName|CrashLoopBackOff|CreateContainerConfigError|CreateContainerError|RunContainerError)$/;

/**
 * How far a workload has come with what it was told, as `kubectl rollout status` knows it (apps/v1 status fields), with
 * what keeps its newest pods. Pure.
 */
export function rolloutOf(workload: WorkloadObject, pods: readonly Pod[]): Rollout {
  const { metadata, spec, status, kind } = workload;
  const words = (text: string): string => [text, ...troubles(pods)].join('; ');
  if (spec.paused === true) return { done: false, failed: 'its rollout is paused', words: 'paused' };
  if (spec.updateStrategy?.type === 'OnDelete')
    return {
      done: false,
      failed: 'its updateStrategy is OnDelete: nothing is rolled out by itself',
      words: 'OnDelete',
    };
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return { done: false, words: 'not yet seen by its controller' };
  const late = status.conditions.find(
    (one) => one.type === 'Progressing' && one.reason === 'ProgressDeadlineExceeded',
  );
  if (late !== undefined)
    return {
      done: false,
      failed: words(late.message ?? 'its deadline has passed'),
      words: 'deadline passed',
    };

  const wanted = kind === 'DaemonSet' ? status.desiredNumberScheduled : (spec.replicas ?? 1);
  const updated = kind === 'DaemonSet' ? status.updatedNumberScheduled : updatedOf(workload);
  const available = kind === 'DaemonSet' ? status.numberAvailable : availableOf(workload);
  const left = kind === 'DaemonSet' ? 0 : Math.max(0, status.replicas - updated);
  const done =
    updated >= wanted && available >= wanted && left === 0 && going(pods) === 0 && settled(workload);
  const old = left === 0 ? '' : `, ${left} old ${left === 1 ? 'one' : 'ones'} left`;
  const text = `${Math.min(updated, available)} of ${wanted} ready${old}`;
  return { done, words: done ? text : words(text) };
}

/** A StatefulSet that is not told another template counts none as updated. */
function updatedOf({ kind, status }: WorkloadObject): number {
  const same = kind === 'StatefulSet' && status.currentRevision === status.updateRevision;
  return same ? status.replicas : status.updatedReplicas;
}

/** Before Kubernetes 1.22 a StatefulSet knows ready ones alone. */
const availableOf = ({ kind, status }: WorkloadObject): number =>
  kind === 'StatefulSet'
    ? Math.max(status.availableReplicas, status.readyReplicas)
    : status.availableReplicas;

const settled = ({ kind, status }: WorkloadObject): boolean =>
  kind !== 'StatefulSet' ||
  status.currentRevision === status.updateRevision ||
  status.updatedReplicas === status.replicas;

/** Pods that are on their way out still answer. */
const going = (pods: readonly Pod[]): number =>
  pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined).length;

/** What keeps pods from being ready, a line a kind. */
function troubles(pods: readonly Pod[]): string[] {
  const found = pods.flatMap(({ status }) => [
    ...status.containerStatuses.flatMap(({ state: { waiting } }) =>
      waiting?.reason !== undefined && STUCK.test(waiting.reason)
        ? [[waiting.reason, waiting.message].filter((one) => one !== undefined).join(': ')]
        : [],
    ),
    ...status.conditions.flatMap((one) =>
      one.type === 'PodScheduled' && one.status === 'False' ? [`not scheduled: ${one.message ?? ''}`] : [],
    ),
  ]);
  return [...new Set(found)].slice(0, 3);
}
