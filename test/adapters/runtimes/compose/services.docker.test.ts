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
  many: { image: 'steadyhand-rig:1', command: "bash -c 'echo begun; exec sleep infinity'", deploy: { replicas: 2 } }
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
    const log = await runtime.logs(service('talk'), { lines: 100 });
    expect(log.split('\n').slice(0, 3)).toEqual(['one', 'two', 'three']);
    expect(await runtime.logs(service('talk'), { lines: 1 })).toBe('three\n');
    await expect(runtime.logs(service('no-such'), { lines: 1 })).rejects.toThrow('it has no container');
  });

  it('restart one instance at a time, and leave the others as they are', async () => {
    const many = service('many');
    const before = await runtime.instances(many);
    expect(before.map(({ name, status }) => [name, status])).toEqual([
      [`${stack.project}-many-1`, 'running'],
      [`${stack.project}-many-2`, 'running'],
    ]);
    const [first, second] = before;
    await runtime.restart(many, second?.id ?? '');
    const after = await runtime.instances(many);
    expect(after[0]).toEqual(first);
    expect(after[1]).toMatchObject({ id: second?.id, name: second?.name, status: 'running' });
    expect(after[1]?.start).not.toBe(second?.start);
    expect(Date.parse(after[1]?.startedAt ?? '')).toBeGreaterThan(Date.parse(second?.startedAt ?? ''));

    // What it logged before and since, by the engine's own clock.
    expect(await runtime.logs(many, { lines: 10 })).toBe('begun\n'.repeat(3));
    expect(await runtime.logs(many, { lines: 10, since: after[1]?.startedAt })).toBe('begun\n');
    await expect(runtime.restart(many, 'no-such')).rejects.toMatchObject({ code: 'service.failed' });
  });

  it('are made when they are started on an empty host, and nothing else is', async () => {
    const box = service('box');
    await stack.compose('rm', '-sf', 'box', 'talk');
    expect(await runtime.instances(box)).toEqual([]);
    await runtime.start(box, { create: true });
    await runtime.start(box, { create: true });
    expect(await runtime.state(box)).toMatchObject({ status: 'running' });
    expect(await runtime.state(service('talk'))).toMatchObject({ status: 'missing' });
    await stack.compose('up', '-d', '--wait');
  });

  it('cannot be asked where there is no engine', async () => {
    const nowhere = createComposeRuntime({
      config: { tool: 'docker', files: ['stack.yml'], project: 'x', host: 'unix:///nowhere.sock' },
      baseFolder: stack.folder,
    });
    await expect(nowhere.state(service('box'))).rejects.toThrow('unix:///nowhere.sock');
  });
});
