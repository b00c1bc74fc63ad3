import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageOf } from '../../services/kubernetes/images.js';
import { startKubernetesStack, type KubernetesStack } from './kubernetes-stack.js';

let stack: KubernetesStack;
beforeAll(async () => {
  stack = await startKubernetesStack();
});
afterAll(async () => stack?.close());

const bounds = async (): Promise<string> =>
  await stack.space.kubectl('get', 'hpa/api', '-o', 'jsonpath={.spec.minReplicas} {.spec.maxReplicas}');

describe('a deployment of two pods behind nginx, asked all the while', () => {
  it('is deployed without a failed request', async () => {
    const load = await stack.underLoad(async () => {
      const { services } = await stack.well('deploy', 'api', '--image', imageOf('2'), '--reason', 'a test');
      expect(services).toMatchObject([{ service: 'api', from: 1, revision: 2, instances: 2 }]);
    });
    expect([...load.answers.keys()].sort()).toEqual(['1 real', '2 real']);
    expect(await stack.images()).toEqual([imageOf('2'), imageOf('2')]);
    expect(await bounds()).toBe('2 5');
    expect(await stack.space.kubectl('rollout', 'history', 'deployment/api')).toMatch(/deploy\.\S+/);
    const { revisions } = await stack.well('history', 'api');
    expect(
      (revisions as { number: number; running: number }[]).map((one) => [one.number, one.running]),
    ).toEqual([
      [1, 0],
      [2, 2],
    ]);
  });

  it('is taken back without a failed request, within a minute of the word', async () => {
    const began = Date.now();
    const load = await stack.underLoad(async () => void (await stack.well('rollback', 'api')));
    expect(load.answers.get('1 real')).toBeGreaterThan(0);
    expect(load.lastOther('1 real') - began).toBeLessThan(60_000);
    expect(await stack.images()).toEqual([imageOf('1'), imageOf('1')]);
  });

  it('stays as it is when the new version never becomes healthy: exit 4', async () => {
    await stack.underLoad(async () => {
      const ran = await stack.steady('--json', 'deploy', 'api', '--image', imageOf('ill'));
      expect([ran.code, ran.json.error.code]).toEqual([4, 'deploy.rolled-back']);
    });
    expect(await stack.images()).toEqual([imageOf('1'), imageOf('1')]);
    expect(await bounds()).toBe('2 5');
  });

  it('stays as it is when the image is nowhere', async () => {
    await stack.underLoad(async () => {
      const ran = await stack.steady('--json', 'deploy', 'api', '--image', 'localhost/rig:none');
      expect([ran.code, ran.json.error.message]).toEqual([4, expect.stringContaining('ErrImageNeverPull')]);
    });
    expect(await stack.images()).toEqual([imageOf('1'), imageOf('1')]);
  });

  it('takes a setting, and gives it back', async () => {
    const load = await stack.underLoad(async () => {
      await stack.well('deploy', 'api', '--set', 'LLM_MODEL=mock', '--memory', '128m');
      await stack.well('rollback', 'api');
    });
    expect([...load.answers.keys()].sort()).toEqual(['1 mock', '1 real']);
  });

  it('is scaled within what scales it by itself, and to other bounds', async () => {
    await stack.underLoad(async () => {
      await stack.well('scale', 'api=3');
      expect([await bounds(), (await stack.images()).length]).toEqual(['3 5', 3]);
      await stack.well('scale', 'api=2..5');
    });
    expect(await bounds()).toBe('2 5');
  });

  it('is restarted without a failed request', async () => {
    await stack.underLoad(async () => void (await stack.well('restart', 'api')));
    expect((await stack.images()).length).toBeGreaterThanOrEqual(2);
  });

  it('that something else keeps is refused, and changed when that is said', async () => {
    await stack.space.kubectl('label', 'deployment/api', 'app.kubernetes.io/managed-by=Helm');
    await stack.space.kubectl('annotate', 'deployment/api', 'meta.helm.sh/release-name=rag7');
    const ran = await stack.steady('--json', 'deploy', 'api', '--image', imageOf('2'));
    expect([ran.code, ran.json.error.code, ran.json.error.message]).toEqual([
      1,
      'deploy.unable',
      expect.stringContaining('deployment/api is kept by Helm (release rag7)'),
    ]);
    await stack.well('deploy', 'api', '--image', imageOf('2'), '--even-if-managed');
    expect(new Set(await stack.images())).toEqual(new Set([imageOf('2')]));
  });

  it('is stopped, and started with as many as there were', async () => {
    const count = (await stack.images()).length;
    await stack.well('stop', 'api');
    expect(await stack.images()).toEqual([]);
    await stack.well('start', 'api');
    expect(await stack.images()).toHaveLength(count);
    const health = await stack.steady('health', 'api');
    expect([health.code, health.stdout]).toEqual([0, expect.stringContaining('api')]);
  });
});
