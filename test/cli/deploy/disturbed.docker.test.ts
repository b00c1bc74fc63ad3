import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { docker } from '../../services/docker.js';
import { startLoad, type Load } from './load.js';
import { startDeployStack, type DeployStack } from './stack.js';

let stack: DeployStack;
beforeAll(async () => {
  stack = await startDeployStack();
}, 300_000);
afterAll(async () => stack?.close(), 120_000);

/** Until the new version answers, and the old one does too: it is in its midst. */
const midst = (load: Load, body: string): Promise<void> =>
  vi.waitFor(() => expect([...load.answers.keys()]).toContain(body), { timeout: 60_000, interval: 20 });

/** What runs is what history says, and all that answers. */
async function expectAllOf(version: string): Promise<void> {
  expect(await stack.versions()).toEqual([version, version]);
  const { revisions } = await stack.well('history', 'api');
  const running = (revisions as { running: number; image: { commit: string } }[]).filter(
    (one) => one.running > 0,
  );
  expect(running).toMatchObject([{ running: 2, image: { commit: `commit-${version}` } }]);
  const load = await stack.underLoad(() => stack.well('health', 'api'));
  expect([...load.answers.keys()].map((body) => body.split(' ')[0])).toEqual([version]);
}

describe('a deploy', () => {
  it('goes on when Temporal is killed in its midst, without a failed request', async () => {
    const load = startLoad({ port: stack.port });
    const deploy = stack.steady('--json', 'deploy', 'api', '--image', stack.image('2'));
    await midst(load, '2 real');
    const noted = readFileSync(join(stack.project.folder, '.steady', 'up.json'), 'utf8');
    process.kill((JSON.parse(noted) as { temporalPid: number }).temporalPid, 'SIGKILL');
    const ran = await deploy;
    await load.stop();
    expect([ran.code, ran.stderr.includes('internal'), load.failed]).toEqual([0, false, []]);
    await expectAllOf('2');
  });

  it('goes on when its router is started anew in its midst', async () => {
    const load = startLoad({ port: stack.port });
    const deploy = stack.steady('--json', 'deploy', 'api', '--image', stack.image('1'));
    await midst(load, '1 real');
    const edge = (await stack.project.compose('ps', '-q', 'edge')).trim();
    await docker('restart', '-t', '1', edge);
    const ran = await deploy;
    await load.stop();
    // While there is no nginx nobody is answered: by what it does before and after, nobody is lost.
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('"services"')]);
    await expectAllOf('1');
  });

  it('waits for the one before it of the same service, and builds on that', async () => {
    const load = await stack.underLoad(async () => {
      const first = stack.well('deploy', 'api', '--image', stack.image('2'));
      const second = stack.well('deploy', 'api', '--set', 'LLM_MODEL=mock');
      await Promise.all([first, second]);
    });
    expect([...load.answers.keys()]).toContain('2 mock');
    expect(await stack.versions()).toEqual(['2', '2']);
    const { revisions } = await stack.well('history', 'api');
    expect((revisions as object[]).at(-1)).toMatchObject({
      running: 2,
      settings: { env: { LLM_MODEL: 'mock' } },
    });
  });

  it('and a backup at the same time are in no way of each other', async () => {
    await stack.underLoad(async () => {
      await Promise.all([stack.well('rollback', 'api', '--to', '1'), stack.well('backup', 'run', 'cache')]);
    });
    await expectAllOf('1');
  });
});
