import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import type { RuntimePort, ServiceHandle } from '../../../../src/adapters/runtimes/port.js';
import { startStack, type TestStack } from './stack.js';

// `slow` takes no notice of TERM, `talk` writes to both of its streams.
const SERVICES = `
services:
  box: { image: 'steadyhand-rig:1', command: sleep infinity, init: true, volumes: ['files:/data'] }
  slow: { image: 'steadyhand-rig:1', command: "bash -c 'trap : TERM; while :; do sleep 0.1; done'" }
  talk: { image: 'steadyhand-rig:1', command: "bash -c 'echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; exec sleep infinity'" }
  cache:
    image: steadyhand-rig:1
    command: redis
    environment: { REDIS_PASSWORD: hunter22 }
    volumes: ['cache:/data']
    healthcheck: { test: redis-cli -a hunter22 --no-auth-warning ping | grep -q PONG, interval: 1s, retries: 30 }
  never: { image: 'steadyhand-rig:1', profiles: [never] }
volumes: { files: , cache: }
`;

let stack: TestStack;
let runtime: RuntimePort;
/** The same stack without a project named in the config: compose finds it by the environment. */
let unnamed: RuntimePort;
beforeAll(async () => {
  stack = await startStack(SERVICES);
  runtime = createComposeRuntime({
    config: { tool: 'docker', files: ['stack.yml'], project: stack.project },
    baseFolder: stack.folder,
  });
  process.env['COMPOSE_PROJECT_NAME'] = stack.project;
  unnamed = createComposeRuntime({
    config: { tool: 'docker', files: ['stack.yml'] },
    baseFolder: stack.folder,
  });
}, 120_000);
afterAll(async () => {
  delete process.env['COMPOSE_PROJECT_NAME'];
  await stack.close();
});

const service = (name: string, given: Partial<ServiceHandle> = {}): ServiceHandle => ({
  name,
  drainSeconds: 1,
  ...given,
});

describe('services', () => {
  it('tell their state, with or without a project named', async () => {
    const handles = [
      service('brain', { container: 'box' }),
      service('cache'),
      service('never'),
      service('no-such'),
    ];
    await stack.compose('up', '-d', '--wait');
    for (const one of [runtime, unnamed]) {
      const [brain, ...rest] = await one.states(handles);
      expect(brain).toMatchObject({
        service: 'brain',
        status: 'running',
        image: 'steadyhand-rig:1',
        restarts: 0,
      });
      expect(Date.parse(brain?.startedAt ?? '')).toBeLessThanOrEqual(Date.now());
      expect(rest).toMatchObject([
        { service: 'cache', status: 'running', health: 'healthy' },
        { service: 'never', status: 'missing' },
        { service: 'no-such', status: 'missing' },
      ]);
      expect(await one.state(service('cache'))).toMatchObject({ status: 'running' });
    }
  });

  it('are not confused with containers of `compose run`', async () => {
    await stack.compose('stop', '-t', '0', 'talk');
    await stack.compose('run', '-d', '--name', `${stack.project}-job`, 'talk', 'sleep', 'infinity');
    for (const one of [runtime, unnamed])
      expect(await one.state(service('talk'))).toMatchObject({ status: 'stopped' });
    await stack.docker('rm', '-f', `${stack.project}-job`);
    await stack.compose('start', 'talk');
  });

  it('stop and start, also twice, and are forced when their drain time is over', async () => {
    const slow = service('slow');
    const begun = performance.now();
    await runtime.stop(slow);
    const seconds = (performance.now() - begun) / 1000;
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThan(9);
    await runtime.stop(slow);
    expect(await runtime.state(slow)).toMatchObject({ status: 'stopped' });
    await runtime.start(slow);
    await runtime.start(slow);
    expect(await runtime.state(slow)).toMatchObject({ status: 'running' });
  });

  it('without a container do not start, and count as stopped', async () => {
    await expect(runtime.start(service('never'))).rejects.toThrow(
      '[service=never error="it has no container"]',
    );
    await expect(runtime.start(service('no-such'))).rejects.toMatchObject({ code: 'service.failed' });
  });

  it('give the last lines of both streams in their order', async () => {
    const log = await runtime.logs(service('talk'), 100);
    expect(log.split('\n').slice(0, 3)).toEqual(['one', 'two', 'three']);
    expect(await runtime.logs(service('talk'), 1)).toBe('three\n');
    await expect(runtime.logs(service('no-such'), 1)).rejects.toThrow('it has no container');
  });

  it('cannot be asked where there is no engine', async () => {
    const nowhere = createComposeRuntime({
      config: { tool: 'docker', files: ['stack.yml'], project: 'x', host: 'unix:///nowhere.sock' },
      baseFolder: stack.folder,
    });
    await expect(nowhere.state(service('box'))).rejects.toThrow('unix:///nowhere.sock');
  });
});
