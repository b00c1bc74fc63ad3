import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../services/free-port.js';
import { startDeployStack, type DeployStack } from './stack.js';

let stack: DeployStack;
let api: string;
beforeAll(async () => {
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  stack = await startDeployStack(() => ({ STEADY_API: `${port}` }));
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

/** A script of examples/ci, as a CD system runs it. */
function ci(
  script: string,
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ code: number; out: string }> {
  const path = fileURLToPath(new URL(`../../../examples/ci/${script}`, import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      path,
      args,
      { env: { ...process.env, STEADY_URL: api, ...env } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out: out + err }),
    );
  });
}

describe('a CD system', () => {
  it('deploys by the script of the examples, and ends as the deploy does', async () => {
    const { secret } = await stack.well('token', 'create', 'ci', '--machine', '--role', 'deployer');
    const env = { STEADY_TOKEN: secret as string, STEADY_KEY: 'build-1', STEADY_REASON: 'build 1' };
    const name = stack.project.name.slice(0, 40);
    await stack.underLoad(async () => {
      const done = await ci('deploy.sh', env, name, `api=${stack.image('2')}`);
      expect(done.out).toMatch(/^run deploy\..*\n(done: .*\n)+$/);
      expect(done.code).toBe(0);
    });
    expect(await stack.versions()).toEqual(['2', '2']);
    // The job is run again after a lost answer: it is the same deploy.
    const again = await ci('deploy.sh', env, name, `api=${stack.image('2')}`);
    expect([again.code, (await stack.well('history', 'api')).revisions.at(-1)]).toMatchObject([
      0,
      { running: 2, by: 'api:ci', reason: 'build 1' },
    ]);

    const ill = await ci('deploy.sh', { ...env, STEADY_KEY: 'build-2' }, name, `api=${stack.image('ill')}`);
    expect([ill.code, ill.out]).toEqual([4, expect.stringContaining('  code: deploy.rolled-back\n')]);
    expect(await stack.versions()).toEqual(['2', '2']);
    const stranger = await ci(
      'deploy.sh',
      { ...env, STEADY_TOKEN: 'guess' },
      name,
      `api=${stack.image('1')}`,
    );
    expect([stranger.code, stranger.out]).toEqual([3, expect.stringContaining('  code: token.invalid\n')]);
    const typo = await ci('deploy.sh', { ...env, STEADY_KEY: 'build-3' }, name, `apo=${stack.image('1')}`);
    expect([typo.code, typo.out]).toEqual([2, expect.stringContaining('nearest=api')]);
    const nobody = await ci(
      'deploy.sh',
      { ...env, STEADY_URL: 'http://127.0.0.1:1', STEADY_PATIENCE: '3' },
      name,
      'api=x',
    );
    expect([nobody.code, (await ci('deploy.sh', env)).code]).toEqual([5, 2]);
  });

  it('deploys by a signed webhook', async () => {
    const made = await stack.well(
      'token',
      'create',
      'release',
      '--webhook',
      '--action',
      'deploy',
      '--action',
      'read',
    );
    const env = { STEADY_SECRET: made.secret as string };
    const name = stack.project.name.slice(0, 40);
    const sent = await ci('webhook.sh', env, name, 'release', `api=${stack.image('1')}`);
    expect([sent.code, sent.out]).toEqual([0, expect.stringMatching(/^\{"run":"deploy\./)]);
    const { run } = JSON.parse(sent.out) as { run: string };
    await stack.steady('show', run, '--watch');
    expect(await stack.versions()).toEqual(['1', '1']);
    const forged = await ci(
      'webhook.sh',
      { STEADY_SECRET: 'guess' },
      name,
      'release',
      `api=${stack.image('2')}`,
    );
    expect([forged.code, forged.out]).toEqual([22, expect.stringContaining('webhook.invalid')]);
  });
});
