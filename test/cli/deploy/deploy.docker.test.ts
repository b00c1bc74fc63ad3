import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDeployStack, type DeployStack } from './stack.js';

let stack: DeployStack;
beforeAll(async () => {
  stack = await startDeployStack();
}, 300_000);
afterAll(async () => stack?.close(), 120_000);

describe('a service of two instances behind nginx, asked all the while', () => {
  it('is deployed without a failed request', async () => {
    const load = await stack.underLoad(async () => {
      const { services } = await stack.well(
        'deploy',
        'api',
        '--image',
        stack.image('2'),
        '--reason',
        'a test',
      );
      expect(services).toMatchObject([{ service: 'api', from: 1, revision: 2, instances: 2 }]);
    });
    expect([...load.answers.keys()].sort()).toEqual(['1 real', '2 real']);
    expect(await stack.versions()).toEqual(['2', '2']);
    const { revisions } = await stack.well('history', 'api');
    expect(
      (revisions as { number: number; running: number; image: { commit: string } }[]).map((one) => [
        one.number,
        one.running,
        one.image.commit,
      ]),
    ).toEqual([
      [1, 0, 'commit-1'],
      [2, 2, 'commit-2'],
    ]);
  });

  it('is taken back without a failed request, within a minute of the word', async () => {
    const began = Date.now();
    const load = await stack.underLoad(async () => void (await stack.well('rollback', 'api')));
    expect(load.answers.get('1 real')).toBeGreaterThan(0);
    expect(load.lastOther('1 real') - began).toBeLessThan(60_000);
    expect(await stack.versions()).toEqual(['1', '1']);
  });

  it('stays as it is when the new version never becomes healthy: exit 4', async () => {
    await stack.underLoad(async () => {
      const ran = await stack.steady('--json', 'deploy', 'api', '--image', stack.image('ill'));
      expect([ran.code, ran.json.error.code]).toEqual([4, 'deploy.rolled-back']);
    });
    expect(await stack.versions()).toEqual(['1', '1']);
  });

  it('takes a setting, and gives it back', async () => {
    const load = await stack.underLoad(async () => {
      await stack.well('deploy', 'api', '--set', 'LLM_MODEL=mock');
      await stack.well('rollback', 'api');
    });
    expect([...load.answers.keys()].sort()).toEqual(['1 mock', '1 real']);
  });

  it('is scaled to three and to one', async () => {
    await stack.underLoad(async () => {
      await stack.well('scale', 'api=3');
      expect(await stack.versions()).toHaveLength(3);
      await stack.well('scale', 'api=1');
    });
    expect(await stack.versions()).toEqual(['1']);
    await stack.well('scale', 'api=2');
  });

  it('is restarted without a failed request', async () => {
    const before = await stack.project.compose('ps', '-q', 'api');
    await stack.underLoad(async () => {
      await stack.well('restart', 'api');
    });
    expect(await stack.project.compose('ps', '-q', 'api')).toBe(before);
  });

  it('is not touched when the image is nowhere', async () => {
    const ran = await stack.steady('--json', 'deploy', 'api', '--image', stack.image('9'));
    expect([ran.code, ran.json.error.code]).toEqual([1, 'image.missing']);
    expect(await stack.versions()).toEqual(['1', '1']);
  });

  it('is told by check: what the router includes, and who cannot run twice', async () => {
    const { lines } = await stack.well('check');
    const said = (lines as { what: string; status: string; message: string }[]).map(
      (one) => `${one.status} ${one.what}: ${one.message}`,
    );
    expect(said).toContainEqual(expect.stringMatching(/^ok router edge: .*api/));
  });
});
