import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IN_DOCKER } from '../../crash/matrix/runs.js';
import { rotating } from '../../crash/rotation.js';
import { arm, armed, withPoints } from './points.js';
import { startDeployStack, type DeployStack } from './stack.js';

let stack: DeployStack;
beforeAll(async () => {
  stack = await startDeployStack(withPoints);
}, 300_000);
afterAll(async () => stack?.close(), 120_000);

/** Half of them a run: most of its time passes until a heartbeat is missed. */
const halves = [0, 1].map((rest) => IN_DOCKER.filter((_one, at) => at % 2 === rest));
const cases = (['before', 'after'] as const).flatMap((phase) => halves.map((some) => ({ phase, some })));

describe('a worker that is killed while a service is deployed', () => {
  it.each(rotating(cases))('$phase $some', async ({ phase, some }) => {
    await stack.underLoad(async () => {
      arm(stack.project.folder, some, phase);
      await stack.well('deploy', 'api', '--image', stack.image('2'));
      expect(armed(stack.project.folder)).toEqual([]);
      expect(await stack.versions()).toEqual(['2', '2']);
      await stack.well('rollback', 'api');
    });
    expect(await stack.versions()).toEqual(['1', '1']);
    // There is no backup yet, which ends it with 1.
    expect((await stack.steady('--json', 'status')).json.open).toEqual([]);
  });

  it('on the way back ends it all the same', async () => {
    await stack.underLoad(async () => {
      // Nothing is removed on the way forward before the new one is healthy, which it never is.
      arm(stack.project.folder, ['removeInstance'], 'after');
      const ran = await stack.steady('--json', 'deploy', 'api', '--image', stack.image('ill'));
      expect([ran.code, armed(stack.project.folder)]).toEqual([4, []]);
    });
    expect(await stack.versions()).toEqual(['1', '1']);
  });
});
