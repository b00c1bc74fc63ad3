import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { targetState } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import { CONTROL_SIGNAL, type Control } from '../../src/contracts/runs/control.js';
import type { DeployInput, DeployResult, RevisionLine, Wanted } from '../../src/contracts/runs/deploy.js';
import type { ServicesInput } from '../../src/contracts/runs/services.js';
import type { LookInput } from '../../src/contracts/runs/procedures.js';
import { deployable, NEW, OLD } from './deployable.js';
import { startRig, type Rig } from './harness.js';
import { PATIENTLY } from './patience.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

async function begin(
  world: World,
  procedure: DeployInput['procedure'],
  wanted: readonly Wanted[],
  more: Partial<DeployInput> = {},
): Promise<WorkflowHandle> {
  const asked = { procedure, wanted, reason: 'a test', token: 'k7q2m9xd', ...more };
  return await world.start<DeployInput>(procedure, asked);
}
const toImage = (service: string, image: string): Wanted => ({ service, to: 'version', image });
const back = (service: string, revision?: number): Wanted => ({
  service,
  to: 'revision',
  ...(revision !== undefined && { revision }),
});

const images = (world: World, service: string): string[] =>
  world.fleet.of(service).map((one) => one.image.name);

async function history(world: World, service: string): Promise<string[]> {
  const input = { what: 'revisions', stores: [], services: [service] } as const;
  const lines = await resultOf<RevisionLine[]>(await world.start<LookInput>('look', input));
  return lines.map(
    (one) =>
      `${one.number} ${one.origin} ${one.image.name} ${one.verdicts.map((it) => it.verdict).join()} ×${one.running}`,
  );
}

/** Requests were served all the while, and everything is let go of. */
async function expectServed(world: World): Promise<void> {
  expect(world.fleet.outages).toEqual([]);
  await world.expectAllLetGo();
}

describe.concurrent('a rolling deploy', () => {
  it('has a new instance serve before an old one goes, one after another', async () => {
    const world = deployable(rig);
    const handle = await begin(world, 'deploy', [toImage('api', NEW)]);
    const result = await resultOf<DeployResult>(handle);
    expect(result.services.map((one) => [one.service, one.from, one.revision, one.instances])).toEqual([
      ['api', 1, 2, 2],
    ]);
    expect(images(world, 'api')).toEqual([NEW, NEW]);
    expect(world.fleet.served('api')).toEqual([NEW, NEW]);
    expect(images(world, 'worker')).toEqual(['acme/worker:1']);
    expect(world.script.journal.filter((one) => /^(grow|remove|route)/.test(one))).toEqual([
      ...[`grow api to 1 of ${NEW}`, 'route api', 'route api', 'remove api-1'],
      ...[`grow api to 2 of ${NEW}`, 'route api', 'route api', 'remove api-2'],
      'route api',
    ]);
    expect(await history(world, 'api')).toEqual([`1 found ${OLD} good ×0`, `2 deploy ${NEW} good ×2`]);
    expect((await world.record(handle)).outcome).toBe('done');
    await expectServed(world);
  });

  it('does nothing when what is asked for runs already, and makes no revision of it', async () => {
    const world = deployable(rig);
    await resultOf(await begin(world, 'deploy', [toImage('api', NEW)]));
    const before = world.script.journal.length;
    const again = await resultOf<DeployResult>(await begin(world, 'deploy', [toImage('api', NEW)]));
    expect(again.lines).toEqual([expect.stringMatching(/^api is as it should be: revision 2, acme\/api:2 /)]);
    expect(world.script.journal.slice(before).filter((one) => /^(grow|remove|route)/.test(one))).toEqual([]);
    expect(await history(world, 'api')).toHaveLength(2);
  });

  it('puts back what ran when the new one does not become healthy, and says that it did', async () => {
    const world = deployable(rig);
    world.fleet.ill.add(NEW);
    const handle = await begin(world, 'deploy', [toImage('api', NEW)]);
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('deploy.rolled-back');
    expect(failure.message).toContain('unhealthy');
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    expect(world.fleet.served('api')).toEqual([OLD, OLD]);
    expect(await history(world, 'api')).toEqual([`1 found ${OLD} good ×2`, `2 deploy ${NEW} failed ×0`]);
    await expectServed(world);
  });

  it('puts back what was replaced already when a later instance does not become healthy', async () => {
    const world = deployable(rig, { count: 3 });
    world.script.on(`grow api to 2 of ${NEW}`, () => void world.fleet.ill.add(NEW));
    const handle = await begin(world, 'deploy', [toImage('api', NEW)]);
    expect((await failureOfRun(handle)).code).toBe('deploy.rolled-back');
    expect(images(world, 'api')).toEqual([OLD, OLD, OLD]);
    expect(world.fleet.served('api')).toEqual([OLD, OLD, OLD]);
    await expectServed(world);
  });

  it('puts back the services before it too: all of them or none', async () => {
    const world = deployable(rig);
    world.fleet.ill.add(NEW);
    const handle = await begin(world, 'deploy', [toImage('worker', 'acme/worker:2'), toImage('api', NEW)]);
    expect((await failureOfRun(handle)).code).toBe('deploy.rolled-back');
    expect(images(world, 'worker')).toEqual(['acme/worker:1']);
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    await expectServed(world);
  });

  it('puts back what ran when it is cancelled half-way', async () => {
    const world = deployable(rig);
    const gate = world.script.gate(`grow api to 2 of ${NEW}`);
    const handle = await begin(world, 'deploy', [toImage('api', NEW)]);
    await gate.reached;
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('deploy.rolled-back');
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    await expectServed(world);
  });

  it('waits between two instances while it is paused, and goes on', async () => {
    const world = deployable(rig);
    const gate = world.script.gate(`grow api to 1 of ${NEW}`);
    const handle = await begin(world, 'deploy', [toImage('api', NEW)]);
    await gate.reached;
    const tell = (what: Control['what']) =>
      handle.signal(CONTROL_SIGNAL, { what, by: 'ana', reason: 'lunch' } satisfies Control);
    await tell('pause');
    gate.open();
    await vi.waitFor(async () => {
      const { steps } = await world.timeline(handle);
      expect(steps.at(-1)).toMatchObject({ title: 'Wait, as ana has paused it', status: 'running' });
    }, PATIENTLY);
    expect(images(world, 'api').filter((one) => one === NEW)).toHaveLength(1);
    await tell('resume');
    await resultOf(handle);
    expect(images(world, 'api')).toEqual([NEW, NEW]);
    await expectServed(world);
  });

  it('names who has aborted it, also while it is paused', async () => {
    const world = deployable(rig);
    const gate = world.script.gate(`grow api to 1 of ${NEW}`);
    const handle = await begin(world, 'deploy', [toImage('api', NEW)]);
    await gate.reached;
    await handle.signal(CONTROL_SIGNAL, { what: 'pause', by: 'ana', reason: '' } satisfies Control);
    gate.open();
    await handle.signal(CONTROL_SIGNAL, { what: 'abort', by: 'ben', reason: 'not today' } satisfies Control);
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('deploy.rolled-back');
    const { steps } = await world.timeline(handle);
    expect(steps.find((one) => one.title === 'Abort, as ben has said')?.notes).toEqual(['not today']);
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    await expectServed(world);
  });

  it('touches nothing when the image is nowhere', async () => {
    const world = deployable(rig);
    const handle = await begin(world, 'deploy', [toImage('api', 'acme/api:9')]);
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('image.missing');
    expect(failure.message).toContain('image=acme/api:9');
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    expect(await history(world, 'api')).toEqual([]);
    expect(await targetState(rig.steady, { stack: world.stack, site: rig.site }, 'api')).toBeUndefined();
  });

  it('is taken back by itself when it is for a time, and that can be cancelled', async () => {
    const world = deployable(rig);
    const settings = { set: { LLM_MODEL: 'mock' }, unset: [] };
    const deploy = async (): Promise<WorkflowHandle> => {
      const handle = await begin(world, 'deploy', [{ service: 'api', to: 'version', settings }], {
        forSeconds: 3,
      });
      const { lines, takenBackBy = '' } = await resultOf<DeployResult>(handle);
      expect(lines.at(-1)).toBe('all of it as before after 3s');
      return rig.steady.client.workflow.getHandle(takenBackBy);
    };
    await resultOf(await deploy());
    expect(world.fleet.of('api').map((one) => one.settings.env)).toEqual([{}, {}]);
    const later = await deploy();
    await later.cancel();
    expect((await failureOfRun(later)).code).toBe('cancelled');
    expect(world.fleet.of('api').map((one) => one.settings.env)).toEqual(Array(2).fill(settings.set));
    await expectServed(world);
  });

  it('is not taken back when another version runs by then', async () => {
    const world = deployable(rig);
    const settings = { set: { LLM_MODEL: 'mock' }, unset: [] };
    const wanted: Wanted = { service: 'api', to: 'version', settings };
    const { takenBackBy = '' } = await resultOf<DeployResult>(
      await begin(world, 'deploy', [wanted], { forSeconds: 8 }),
    );
    await resultOf(await begin(world, 'deploy', [toImage('api', NEW)]));
    const { lines } = await resultOf<DeployResult>(rig.steady.client.workflow.getHandle(takenBackBy));
    expect(lines).toEqual(['api is another version by now, and stays as it is']);
    expect(images(world, 'api')).toEqual([NEW, NEW]);
    await expectServed(world);
  });

  it('waits for an image that its registry does not have yet', async () => {
    const world = deployable(rig);
    world.fleet.registry.delete(NEW);
    let asked = 0;
    world.script.on(`fetch ${NEW}`, () => {
      asked++;
      if (asked === 2) world.fleet.registry.add(NEW);
    });
    await resultOf(await begin(world, 'deploy', [toImage('api', NEW)], { waitForImage: 60 }));
    expect(asked).toBe(2);
    expect(images(world, 'api')).toEqual([NEW, NEW]);
    await expectServed(world);
  });

  it('takes settings as a version, tells the difference, and leaves the image', async () => {
    const world = deployable(rig);
    const set = (change: object): Wanted => ({
      service: 'api',
      to: 'version',
      settings: { set: {}, unset: [], ...change },
    });
    const first = await resultOf<DeployResult>(
      await begin(world, 'deploy', [set({ set: { LLM_MODEL: 'mock' }, memory: '4g' })]),
    );
    expect(first.lines.slice(1, 3)).toEqual(['api: LLM_MODEL mock', 'api: memory 4g']);
    expect(world.fleet.of('api').map((one) => [one.image.name, one.settings])).toEqual(
      Array(2).fill([OLD, { env: { LLM_MODEL: 'mock' }, memory: '4g' }]),
    );
    const second = await resultOf<DeployResult>(
      await begin(world, 'deploy', [set({ unset: ['LLM_MODEL'], memory: null })]),
    );
    expect(second.services[0]?.settings).toEqual({ env: {} });
    await expectServed(world);
  });
});

describe.concurrent('a service that cannot run twice', () => {
  it('stands still while it is made anew, and says so and why', async () => {
    const world = deployable(rig, { count: 1 });
    world.fleet.obstacles.set('api', ['container_name is api']);
    const { lines } = await resultOf<DeployResult>(await begin(world, 'deploy', [toImage('api', NEW)]));
    expect(lines.slice(1)).toEqual([
      'api stands still meanwhile: the old ones stop first',
      'api cannot run twice: container_name is api',
    ]);
    expect(images(world, 'api')).toEqual([NEW]);
    expect(world.script.journal.filter((one) => /^(grow|remove|route)/.test(one))).toEqual([
      ...['route api', 'remove api-1'],
      ...[`grow api to 1 of ${NEW}`, 'route api', 'route api'],
    ]);
    await world.expectAllLetGo();
  });

  it('runs as before when the new one does not become healthy', async () => {
    const world = deployable(rig, { count: 1 });
    world.fleet.obstacles.set('api', ['container_name is api']);
    world.fleet.ill.add(NEW);
    expect((await failureOfRun(await begin(world, 'deploy', [toImage('api', NEW)]))).code).toBe(
      'deploy.rolled-back',
    );
    expect(images(world, 'api')).toEqual([OLD]);
    expect(world.fleet.served('api')).toEqual([OLD]);
    await world.expectAllLetGo();
  });

  it('is not scaled', async () => {
    const world = deployable(rig, { count: 1 });
    world.fleet.obstacles.set('api', ['port 8000 of the machine is published for 8000']);
    const failure = await failureOfRun(
      await begin(world, 'scale', [{ service: 'api', to: 'count', count: 2 }]),
    );
    expect(failure.code).toBe('deploy.unable');
    expect(failure.message).toContain('port 8000 of the machine');
  });
});

describe.concurrent('a rollback', () => {
  it('runs what ran well before, and a second one what ran before that', async () => {
    const world = deployable(rig);
    await resultOf(await begin(world, 'deploy', [toImage('api', NEW)]));
    await resultOf(await begin(world, 'rollback', [back('api')]));
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    await resultOf(await begin(world, 'rollback', [back('api')]));
    expect(images(world, 'api')).toEqual([NEW, NEW]);
    expect(await history(world, 'api')).toEqual([
      `1 found ${OLD} good,good ×0`,
      `2 deploy ${NEW} good,good ×2`,
    ]);
    await expectServed(world);
  });

  it('runs the revision that is named; one that is not there is refused, with those that are', async () => {
    const world = deployable(rig);
    world.fleet.registry.add('acme/api:3');
    await resultOf(await begin(world, 'deploy', [toImage('api', NEW)]));
    await resultOf(await begin(world, 'deploy', [toImage('api', 'acme/api:3')]));
    await resultOf(await begin(world, 'rollback', [back('api', 1)]));
    expect(images(world, 'api')).toEqual([OLD, OLD]);
    const failure = await failureOfRun(await begin(world, 'rollback', [back('api', 7)]));
    expect(failure.code).toBe('revision.unknown');
    expect(failure.message).toContain('there are 1, 2, 3');
    await expectServed(world);
  });

  it('is refused where nothing ran before', async () => {
    const world = deployable(rig);
    expect((await failureOfRun(await begin(world, 'rollback', [back('api')]))).code).toBe('revision.unknown');
  });
});

describe.concurrent('scaling', () => {
  it('is none neither, nor bounds where nothing scales it by itself', async () => {
    const world = deployable(rig);
    for (const wanted of [
      { service: 'api', to: 'count', count: 0 },
      { service: 'api', to: 'count', count: 2, bounds: { min: 2, max: 5 } },
    ] as const) {
      const failure = await failureOfRun(
        await begin(world, 'scale', [wanted], { token: `k7q2m9x${wanted.count}` }),
      );
      expect(failure.code).toBe('deploy.unable');
      expect(failure.message).toMatch(wanted.count === 0 ? /steady stop api/ : /nothing scales it by itself/);
    }
    expect(images(world, 'api')).toEqual([OLD, OLD]);
  });

  it('starts more, which serve, and ends those too many once nothing is under way there', async () => {
    const world = deployable(rig);
    const scale = async (count: number) =>
      await resultOf<DeployResult>(await begin(world, 'scale', [{ service: 'api', to: 'count', count }]));
    const { lines } = await scale(4);
    expect(lines).toContain('api runs 4 times instead of 2 times');
    expect(world.fleet.served('api')).toEqual([OLD, OLD, OLD, OLD]);
    await scale(1);
    expect(images(world, 'api')).toEqual([OLD]);
    await expectServed(world);
  });
});

describe('a restart behind a router', () => {
  it('restarts an instance only while no request goes there, and sends requests again when it serves', async () => {
    const world = deployable(rig);
    const reached: string[][] = [];
    for (const id of ['api-1', 'api-2'])
      world.script.on(`restart ${id}`, () => void reached.push([id, ...world.fleet.reached('api')]));
    const asked = { services: ['api'], dependents: false, reason: '', token: 'k7q2m9xd' };
    await resultOf(await world.start<ServicesInput>('restart', { verb: 'restart', ...asked }));
    expect(reached).toEqual([
      ['api-1', 'api-2'],
      ['api-2', 'api-1'],
    ]);
    expect(world.fleet.reached('api')).toEqual(['api-1', 'api-2']);
    await expectServed(world);
  });
});
