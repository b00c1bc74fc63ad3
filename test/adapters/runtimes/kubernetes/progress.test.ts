import { describe, expect, it } from 'vitest';
import { managerOf } from '../../../../src/adapters/runtimes/kubernetes/managed.js';
import { podSchema, workloadSchema, type Pod } from '../../../../src/adapters/runtimes/kubernetes/objects.js';
import {
  overlaidBy,
  parseOverlaid,
  quantity,
  versionPatch,
} from '../../../../src/adapters/runtimes/kubernetes/patches.js';
import { rolloutOf } from '../../../../src/adapters/runtimes/kubernetes/progress.js';

const deployment = (status: object, spec: object = {}, metadata: object = {}, kind = 'Deployment') =>
  workloadSchema.parse({
    kind,
    metadata: { name: 'api', generation: 2, ...metadata },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'api' } },
      template: { spec: { containers: [{ name: 'main', image: 'acme/api:1' }] } },
      ...spec,
    },
    status: { observedGeneration: 2, ...status },
  });
const pod = (containerStatuses: object[], metadata: object = {}): Pod =>
  podSchema.parse({
    metadata: { name: 'api-1', ...metadata },
    spec: { containers: [] },
    status: { containerStatuses },
  });
const all = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };

describe('a rollout', () => {
  it('is done when all are new and ready, and no other is left', () => {
    expect(rolloutOf(deployment(all), [])).toEqual({ done: true, words: '3 of 3 ready' });
    expect(rolloutOf(deployment({ ...all, replicas: 4 }), [])).toEqual({
      done: false,
      words: '3 of 3 ready, 1 old one left',
    });
    expect(rolloutOf(deployment({ ...all, availableReplicas: 2 }), [])).toMatchObject({
      done: false,
      words: '2 of 3 ready',
    });
  });

  it('is not done while its controller has not seen it, or a pod is on its way out', () => {
    expect(rolloutOf(deployment({ ...all, observedGeneration: 1 }), [])).toMatchObject({ done: false });
    const leaving = pod([], { deletionTimestamp: '2026-11-22T02:00:00Z' });
    expect(rolloutOf(deployment(all), [leaving])).toMatchObject({ done: false });
  });

  it.each([
    ['ImagePullBackOff', 'Back-off pulling image "acme/api:9"'],
    ['CrashLoopBackOff', 'back-off 10s restarting failed container'],
    ['CreateContainerConfigError', 'secret "api" not found'],
  ])('names what keeps its pods: %s', (reason, message) => {
    const stuck = pod([{ name: 'main', state: { waiting: { reason, message } } }]);
    const { words } = rolloutOf(deployment({ ...all, availableReplicas: 2 }), [stuck, stuck]);
    expect(words).toBe(`2 of 3 ready; ${reason}: ${message}`);
  });

  it('does not call it a trouble that a container is being made', () => {
    const made = pod([{ name: 'main', state: { waiting: { reason: 'ContainerCreating' } } }]);
    expect(rolloutOf(deployment({ ...all, availableReplicas: 2 }), [made]).words).toBe('2 of 3 ready');
  });

  it('has failed when it is paused, or nothing of it happens by itself', () => {
    expect(rolloutOf(deployment(all, { paused: true }), []).failed).toBe('its rollout is paused');
    const manual = { updateStrategy: { type: 'OnDelete' } };
    expect(rolloutOf(deployment(all, manual, {}, 'StatefulSet'), []).failed).toContain('OnDelete');
  });

  it('of a StatefulSet counts those of the new template', () => {
    const half = { ...all, updatedReplicas: 1, currentRevision: 'api-1', updateRevision: 'api-2' };
    expect(rolloutOf(deployment(half, {}, {}, 'StatefulSet'), [])).toMatchObject({
      done: false,
      words: '1 of 3 ready, 2 old ones left',
    });
    const whole = { ...all, updatedReplicas: 0, currentRevision: 'api-2', updateRevision: 'api-2' };
    expect(rolloutOf(deployment(whole, {}, {}, 'StatefulSet'), [])).toMatchObject({ done: true });
  });

  it('of a DaemonSet counts nodes', () => {
    const status = { desiredNumberScheduled: 4, updatedNumberScheduled: 4, numberAvailable: 3 };
    expect(rolloutOf(deployment(status, {}, {}, 'DaemonSet'), [])).toMatchObject({
      done: false,
      words: '3 of 4 ready',
    });
  });
});

describe('who else keeps an object', () => {
  it.each([
    [{ labels: { 'argocd.argoproj.io/instance': 'rag7' } }, 'Argo CD (application rag7)'],
    [
      { annotations: { 'argocd.argoproj.io/tracking-id': 'rag7:apps/Deployment:rag7/api' } },
      'Argo CD (application rag7)',
    ],
    [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }, 'Flux (kustomization apps)'],
    [{ labels: { 'helm.toolkit.fluxcd.io/name': 'rag7' } }, 'Flux (helm release rag7)'],
    [
      {
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'rag7' },
      },
      'Helm (release rag7)',
    ],
    [{ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }, undefined],
    [{}, undefined],
  ])('%j', (metadata, who) => {
    expect(managerOf(deployment(all, {}, metadata))).toBe(who);
  });
});

describe('what settings lie over', () => {
  const container = workloadSchema.parse(deployment(all)).spec.template.spec.containers[0];
  const own = {
    ...{ name: 'main', image: 'acme/api:1' },
    env: [{ name: 'LOG_LEVEL', value: 'info' }],
    resources: { limits: { memory: '2Gi' } },
  };
  const version = (env: Record<string, string>, memory?: string) => ({
    revision: 2,
    image: { name: 'acme/api:2', id: 'acme/api:2', digest: 'acme/api@sha256:aa' },
    settings: { env, ...(memory !== undefined && { memory }) },
  });

  it('is noted as it was, and kept while it is overlaid again', () => {
    const first = overlaidBy(version({ LOG_LEVEL: 'debug', NEW: '1' }, '4g'), own, parseOverlaid(undefined));
    expect(first).toEqual({
      env: { LOG_LEVEL: { name: 'LOG_LEVEL', value: 'info' }, NEW: null },
      limits: { memory: '2Gi' },
    });
    const changed = { ...own, env: [{ name: 'LOG_LEVEL', value: 'debug' }] };
    expect(overlaidBy(version({ LOG_LEVEL: 'trace' }), changed, first)).toEqual({
      env: { LOG_LEVEL: { name: 'LOG_LEVEL', value: 'info' } },
      limits: {},
    });
  });

  it('is put back by a version that no longer sets it', () => {
    const before = {
      env: { LOG_LEVEL: { name: 'LOG_LEVEL', value: 'info' }, NEW: null },
      limits: { memory: '2Gi', cpu: null },
    };
    expect(versionPatch('main', version({}), before)).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                image: 'acme/api@sha256:aa',
                env: [
                  { name: 'LOG_LEVEL', value: 'info' },
                  { name: 'NEW', $patch: 'delete' },
                ],
                resources: { limits: { memory: '2Gi', cpu: null } },
              },
            ],
          },
        },
      },
    });
  });

  it('is nothing where nothing was set', () => {
    expect(container).toBeDefined();
    expect(JSON.stringify(versionPatch('main', version({}), parseOverlaid(undefined)))).not.toContain('env');
  });

  it.each([
    ['4g', '4Gi'],
    ['512m', '512Mi'],
    ['512MB', '512Mi'],
    ['1.5g', '1.5Gi'],
    ['1024b', '1024'],
  ])('counts %s as %s', (size, found) => {
    expect(quantity(size)).toBe(found);
  });
});
