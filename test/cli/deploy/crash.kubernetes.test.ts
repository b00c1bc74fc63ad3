import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IN_KUBERNETES, type ActivityName } from '../../crash/matrix/runs.js';
import { rotating } from '../../crash/rotation.js';
import { imageOf } from '../../services/kubernetes/images.js';
import { startKubernetesStack, type KubernetesStack } from './kubernetes-stack.js';
import { arm, armed, withPoints, type Phase } from './points.js';

let stack: KubernetesStack;
beforeAll(async () => {
  stack = await startKubernetesStack(withPoints);
});
afterAll(async () => stack?.close());

const SCALING: readonly ActivityName[] = ['tellCount', 'tellBounds'];
const RENEWAL: readonly ActivityName[] = ['tellRenewal'];
const DEPLOYING = IN_KUBERNETES.filter((one) => ![...SCALING, ...RENEWAL].includes(one));

describe.each(rotating<Phase>(['before', 'after']))('a worker that is killed %s each step', (phase) => {
  it('of a deploy, and of the way back', async () => {
    await stack.underLoad(async () => {
      arm(stack.folder, DEPLOYING, phase);
      await stack.well('deploy', 'api', '--image', imageOf('2'));
      expect(armed(stack.folder)).toEqual([]);
      expect(await stack.images()).toEqual([imageOf('2'), imageOf('2')]);
      arm(stack.folder, ['tellVersion'], phase);
      await stack.well('rollback', 'api');
      expect(armed(stack.folder)).toEqual([]);
    });
    expect(await stack.images()).toEqual([imageOf('1'), imageOf('1')]);
  });

  it('of scaling, and of a restart', async () => {
    await stack.underLoad(async () => {
      arm(stack.folder, SCALING, phase);
      await stack.well('scale', 'api=3');
      arm(stack.folder, RENEWAL, phase);
      await stack.well('restart', 'api');
      expect(armed(stack.folder)).toEqual([]);
    });
    expect(await stack.images()).toEqual([imageOf('1'), imageOf('1'), imageOf('1')]);
    expect(
      await stack.space.kubectl('get', 'hpa/api', '-o', 'jsonpath={.spec.minReplicas} {.spec.maxReplicas}'),
    ).toBe('3 5');
  });
});
