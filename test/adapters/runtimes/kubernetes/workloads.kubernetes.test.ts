import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createKubernetesRuntime } from '../../../../src/adapters/runtimes/kubernetes/kubernetes.js';
import type { RolloutsPort, RuntimePort, Version, Workload } from '../../../../src/adapters/runtimes/port.js';
import type { Settings } from '../../../../src/contracts/stored/revision.js';
import { waitFor } from '../../../crash/rig/wait-for.js';
import { imageOf } from '../../../services/kubernetes/images.js';
import { createNamespace, workloadOf, type TestNamespace } from '../../../services/kubernetes/namespace.js';

let space: TestNamespace;
let runtime: RuntimePort;
let rollouts: RolloutsPort;
beforeAll(async () => {
  space = await createNamespace(inject('kubeconfig'));
  runtime = createKubernetesRuntime({
    config: { namespace: space.name, kubeconfig: space.kubeconfig },
    baseFolder: process.cwd(),
  });
  if (runtime.rollouts === undefined) throw new Error('no rollouts');
  rollouts = runtime.rollouts;
});
afterAll(async () => space?.close());

const SLEEP = ['sh', '-c', 'echo begun; exec sleep infinity'];
const service = (name: string, workload?: string) => ({ name, workload, drainSeconds: 1 });
const version = (revision: number, image: string, settings: Partial<Settings> = {}): Version => ({
  revision,
  image: { name: image, id: image },
  settings: { env: {}, ...settings },
});
const rolledOut = async (name: string, workload?: string): Promise<Workload> =>
  await waitFor(`${name} to be rolled out`, async () => {
    const found = await rollouts.workload(service(name, workload));
    return found.rollout.done && found;
  });
const podsOf = async (name: string) =>
  (
    JSON.parse(await space.kubectl('get', 'pods', '-l', `app=${name}`, '-o', 'json')) as {
      items: { metadata: { deletionTimestamp?: string }; spec: { containers: Record<string, unknown>[] } }[];
    }
  ).items.filter((one) => one.metadata.deletionTimestamp === undefined);
const templateOf = async (name: string): Promise<unknown> =>
  (
    JSON.parse(await space.kubectl('get', `deployment/${name}`, '-o', 'json')) as {
      spec: { template: unknown };
    }
  ).spec.template;
const deployed = async (name: string, more: object = {}): Promise<void> => {
  await space.apply(workloadOf('Deployment', name, { image: imageOf('1'), command: SLEEP, ...more }));
  await rolledOut(name);
};

describe.concurrent('a deployment', () => {
  it('is told a version once, which its pods then are, and what it was comes back whole', async () => {
    const env = [
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'OWN', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ];
    await deployed('told', { env });
    const before = await templateOf('told');
    const cause = 'deploy.rag7.1';
    const next = version(2, imageOf('2'), {
      env: { LOG_LEVEL: 'debug', OWN: 'mine', NEW: '1' },
      memory: '64m',
      cpus: '0.5',
    });
    await rollouts.change(service('told'), next, { cause, leaves: 1 });
    await rollouts.change(service('told'), next, { cause, leaves: 1 });
    const now = await rolledOut('told');
    expect(now).toMatchObject({ count: 2, revision: 2, image: { name: imageOf('2') }, recreates: false });
    const [pod] = await podsOf('told');
    expect(pod?.spec.containers[0]).toMatchObject({
      image: imageOf('2'),
      env: expect.arrayContaining([
        { name: 'LOG_LEVEL', value: 'debug' },
        { name: 'OWN', value: 'mine' },
        { name: 'NEW', value: '1' },
      ]) as unknown,
      resources: { limits: { memory: '64Mi', cpu: '500m' } },
    });
    expect(await space.kubectl('rollout', 'history', 'deployment/told')).toContain(cause);
    // Twice told is once rolled out.
    expect(
      (await space.kubectl('get', 'replicasets', '-l', 'app=told', '-o', 'name')).trim().split('\n'),
    ).toHaveLength(2);

    await rollouts.change(service('told'), version(1, imageOf('1')), { cause: 'rollback.rag7.1', leaves: 2 });
    expect(await rolledOut('told')).toMatchObject({ image: { name: imageOf('1') } });
    expect(await templateOf('told')).toEqual(before);
  });

  it('has what a version no longer sets as its object had it', async () => {
    const env = [{ name: 'LOG_LEVEL', value: 'info' }];
    await deployed('drops', { env, replicas: 1 });
    const cause = 'a test';
    const set = version(2, imageOf('1'), { env: { LOG_LEVEL: 'debug', NEW: '1' }, memory: '64m' });
    await rollouts.change(service('drops'), set, { cause, leaves: 1 });
    await rolledOut('drops');
    await rollouts.change(service('drops'), version(3, imageOf('2')), { cause, leaves: 2 });
    await rolledOut('drops');
    const [pod] = await podsOf('drops');
    expect(pod?.spec.containers[0]).toMatchObject({ env, image: imageOf('2'), resources: {} });
  });

  it('that cannot come up says why, and its old pods serve on', async () => {
    await deployed('stuck');
    await rollouts.change(service('stuck'), version(2, 'localhost/rig:none'), { cause: 'a test', leaves: 1 });
    const told = await waitFor('the reason', async () => {
      const { rollout } = await rollouts.workload(service('stuck'));
      return rollout.words.includes('ErrImageNeverPull') && rollout;
    });
    expect(told.done).toBe(false);
    expect(
      (await runtime.instances(service('stuck'))).filter((one) => one.health === 'healthy').length,
    ).toBeGreaterThan(0);
    await rollouts.change(service('stuck'), version(1, imageOf('1')), { cause: 'a test', leaves: 2 });
    expect(await rolledOut('stuck')).toMatchObject({ image: { name: imageOf('1') }, count: 2 });
  });

  it('whose deadline has passed has failed', async () => {
    await deployed('late', { replicas: 1, spec: { progressDeadlineSeconds: 2 } });
    await rollouts.change(service('late'), version(2, 'localhost/rig:none'), { cause: 'a test' });
    const { failed } = await waitFor('its failure', async () => {
      const { rollout } = await rollouts.workload(service('late'));
      return rollout.failed !== undefined && rollout;
    });
    expect(failed).toMatch(/timed out progressing.*ErrImageNeverPull/s);
  });

  it('is made anew, pod by pod, once for one word', async () => {
    await deployed('anew');
    const before = (await runtime.instances(service('anew'))).map((one) => one.id);
    for (let time = 0; time < 2; time++)
      await rollouts.renew(service('anew'), { cause: 'restart.rag7.1', at: '2026-11-22T02:00:00Z' });
    await rolledOut('anew');
    const after = (await runtime.instances(service('anew'))).map((one) => one.id);
    expect(after).toHaveLength(2);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(
      (await space.kubectl('get', 'replicasets', '-l', 'app=anew', '-o', 'name')).trim().split('\n'),
    ).toHaveLength(2);
  });

  it.each([5, 6, 8, 2, 0])('is scaled to %i', async (count) => {
    const name = `scaled-${count}`;
    await deployed(name, { replicas: 1 });
    await rollouts.scale(service(name), count);
    await rolledOut(name);
    expect(await runtime.instances(service(name))).toHaveLength(count);
  });

  it('is stopped, and started with as many as there were', async () => {
    await deployed('pausing', { replicas: 3 });
    await runtime.stop(service('pausing'));
    expect(await podsOf('pausing')).toEqual([]);
    expect(await runtime.state(service('pausing'))).toMatchObject({ status: 'stopped' });
    await runtime.stop(service('pausing'));
    await runtime.start(service('pausing'));
    expect(await rolledOut('pausing')).toMatchObject({ count: 3 });
    expect(await runtime.state(service('pausing'))).toMatchObject({ status: 'running', health: 'healthy' });
  });

  it('that was scaled to none is started with as many as there were', async () => {
    await deployed('none', { replicas: 3 });
    await rollouts.scale(service('none'), 0);
    await rolledOut('none');
    await runtime.start(service('none'));
    expect(await rolledOut('none')).toMatchObject({ count: 3 });
  });

  it('has pods whose state, start and log are told; one that is removed is another one', async () => {
    await deployed('pods');
    const [first, second] = await runtime.instances(service('pods'));
    expect(first).toMatchObject({
      status: 'running',
      health: 'healthy',
      image: imageOf('1'),
      addresses: { pod: expect.stringMatching(/^10\./) as string },
    });
    expect(await runtime.logs(service('pods'), { lines: 5 })).toBe('begun\nbegun\n');
    await runtime.restart(service('pods'), first?.id ?? '');
    await rolledOut('pods');
    const ids = (await runtime.instances(service('pods'))).map((one) => one.id);
    expect(ids).toContain(second?.id);
    expect(ids).not.toContain(first?.id);
  });

  it('that is not there is missing, and cannot be told anything', async () => {
    expect(await runtime.state(service('nowhere'))).toMatchObject({ status: 'missing' });
    await expect(rollouts.workload(service('nowhere'))).rejects.toThrow(
      `no deployment/nowhere in namespace ${space.name}`,
    );
  });

  it('tells who else keeps it', async () => {
    await deployed('kept', {
      replicas: 1,
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'rag7:apps/Deployment:rag7/kept' } },
    });
    expect((await rollouts.workload(service('kept'))).managedBy).toBe('Argo CD (application rag7)');
  });
});

describe.concurrent('what is scaled by itself', () => {
  const scaler = (name: string): object => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: `${name}-hpa` },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      ...{ minReplicas: 2, maxReplicas: 10 },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ],
    },
  });
  const bounds = async (name: string): Promise<string> =>
    await space.kubectl('get', `hpa/${name}-hpa`, '-o', 'jsonpath={.spec.minReplicas} {.spec.maxReplicas}');

  it('is held at its number and let go of again, each as often as one likes', async () => {
    await deployed('held', { replicas: 3 });
    await space.apply(scaler('held'));
    for (let time = 0; time < 2; time++) await rollouts.hold(service('held'));
    expect(await bounds('held')).toBe('3 3');
    // As another worker sees it.
    expect((await rollouts.workload(service('held'))).scaler).toEqual({
      name: 'hpa/held-hpa',
      min: 2,
      max: 10,
      held: true,
    });
    for (let time = 0; time < 2; time++) await rollouts.release(service('held'));
    expect(await bounds('held')).toBe('2 10');
  });

  it('is not scaled to where it would be put back at once; its bounds are moved', async () => {
    await deployed('bound', { replicas: 2 });
    await space.apply(scaler('bound'));
    await expect(rollouts.scale(service('bound'), 12)).rejects.toThrow(
      'hpa/bound-hpa would undo it: it keeps 2 to 10',
    );
    await rollouts.setScaler(service('bound'), { min: 6, max: 10 });
    expect(await bounds('bound')).toBe('6 10');
    await rollouts.hold(service('bound'));
    await rollouts.scale(service('bound'), 8);
    expect(await bounds('bound')).toBe('8 8');
    await rollouts.setScaler(service('bound'), { min: 4, max: 9 });
    await rollouts.release(service('bound'));
    expect(await bounds('bound')).toBe('4 9');
  });
});

describe.concurrent('other workloads', () => {
  it('of a StatefulSet are told versions, and come back', async () => {
    const name = 'ordered';
    await space.apply(workloadOf('StatefulSet', name, { image: imageOf('1'), command: SLEEP }));
    const as = `statefulset/${name}`;
    await rolledOut(name, as);
    await rollouts.change(service(name, as), version(2, imageOf('2')), { cause: 'a test', leaves: 1 });
    expect(await rolledOut(name, as)).toMatchObject({ revision: 2, count: 2 });
    expect((await runtime.instances(service(name, as))).map((one) => [one.name, one.image])).toEqual([
      [`${name}-1`, imageOf('2')],
      [`${name}-0`, imageOf('2')],
    ]);
    await rollouts.change(service(name, as), version(1, imageOf('1')), { cause: 'a test', leaves: 2 });
    expect(await rolledOut(name, as)).toMatchObject({ image: { name: imageOf('1') } });
  });

  it('of a DaemonSet are told versions, and not scaled', async () => {
    const name = 'everywhere';
    await space.apply(workloadOf('DaemonSet', name, { image: imageOf('1'), command: SLEEP }));
    const as = `daemonset/${name}`;
    await rolledOut(name, as);
    await rollouts.change(service(name, as), version(2, imageOf('2')), { cause: 'a test', leaves: 1 });
    expect(await rolledOut(name, as)).toMatchObject({ revision: 2, count: 1 });
    await expect(rollouts.scale(service(name, as), 2)).rejects.toThrow('a DaemonSet runs once on each node');
  });

  it('of several containers want one named', async () => {
    const two = workloadOf('Deployment', 'two', { image: imageOf('1'), command: SLEEP, replicas: 1 }) as {
      spec: { template: { spec: { containers: object[] } } };
    };
    two.spec.template.spec.containers.push({
      name: 'side',
      image: imageOf('1'),
      command: SLEEP,
      imagePullPolicy: 'Never',
    });
    await space.apply(two);
    await expect(rollouts.workload(service('two'))).rejects.toThrow(
      'its pods have several containers: name one by container',
    );
    const named = { ...service('two'), container: 'side' };
    await rollouts.change(named, version(2, imageOf('2')), { cause: 'a test', leaves: 1 });
    expect(
      await space.kubectl(
        'get',
        'deployment/two',
        '-o',
        'jsonpath={.spec.template.spec.containers[*].image}',
      ),
    ).toBe(`${imageOf('1')} ${imageOf('2')}`);
  });
});
