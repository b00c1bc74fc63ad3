import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { askedBy, decide, signedRequester } from '../../src/client/approvals.js';
import { freeze, targetState } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import type { ApprovalState } from '../../src/contracts/runs/approval.js';
import {
  servicesRequest,
  type ServicesInput,
  type ServicesResult,
  type ServiceVerb,
} from '../../src/contracts/runs/services.js';
import { startRig, type Rig } from './harness.js';
import { PATIENTLY } from './patience.js';
import { approver, person } from './people.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const SERVICES = { web: ['api'], api: ['db', 'queue'], queue: [] };

async function change(
  world: World,
  verb: ServiceVerb,
  services: readonly string[],
  options: { readonly dependents?: boolean } = {},
): Promise<WorkflowHandle> {
  const asked = { verb, services, dependents: false, reason: 'a test', token: 'k7q2m9xd', ...options };
  return await world.start<ServicesInput>(verb, asked);
}
const running = (world: World): string[] =>
  [...world.services].filter(([, status]) => status === 'running').map(([name]) => name);

describe('steady restart, stop and start', () => {
  it('restarts one after another, what is needed first, and waits for the health of each', async () => {
    const world = rig.world({ services: SERVICES });
    const handle = await change(world, 'restart', ['web', 'queue', 'api']);
    const result = await resultOf<ServicesResult>(handle);
    expect(result.services).toEqual([
      { service: 'queue', before: 'running', after: 'running' },
      { service: 'api', before: 'running', after: 'running' },
      { service: 'web', before: 'running', after: 'running' },
    ]);
    expect(world.script.journal.filter((one) => /^(restart|health)/.test(one))).toEqual([
      ...['restart queue', 'health queue'],
      ...['restart api', 'health api'],
      ...['restart web', 'health web'],
    ]);
    expect((await world.record(handle)).outcome).toBe('done');
    await world.expectAllLetGo();
  });

  it('tells which errors are new in the log of what was restarted, with its last lines', async () => {
    const world = rig.world({ services: SERVICES });
    world.logs.set('api', '12:00:01 ERROR slow query 7\n');
    world.script.on('restart api', () => {
      world.logs.set('api', '12:00:01 ERROR slow query 9\n12:00:02 ERROR no model\n12:00:03 ready\n');
    });
    const handle = await change(world, 'restart', ['api']);
    const { logs } = await resultOf<ServicesResult>(handle);
    expect(logs[0]?.errors.map((one) => one.example)).toEqual([
      '12:00:02 ERROR no model',
      '12:00:01 ERROR slow query 9',
    ]);
    const { steps } = await world.timeline(handle);
    expect(steps.find((one) => one.title === 'Read the log of api for 1s')?.notes).toEqual([
      'api: 2 errors of 2 kinds, 1 of them new',
      'new: 1 × 12:00:02 ERROR no model',
      ...['| 12:00:01 ERROR slow query 9', '| 12:00:02 ERROR no model', '| 12:00:03 ready'],
    ]);
  });

  it('fails when the log has a line that the file calls a failure', async () => {
    const world = rig.world({ services: SERVICES });
    world.logs.set('api', 'CUDA out of memory\n');
    const failure = await failureOfRun(await change(world, 'restart', ['api']));
    expect(failure.code).toBe('service.failed');
    expect(failure.message).toContain('CUDA out of memory');
  });

  it('goes no further than a service that does not become healthy', async () => {
    const world = rig.world({ services: SERVICES });
    world.answers.set('health api', '503');
    const handle = await change(world, 'restart', ['web', 'queue', 'api']);
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('service.failed');
    expect(failure.message).toContain('answer=503');
    expect(world.script.journal).not.toContain('restart web');
    expect(await world.steps(handle)).toContain('Read the log of api');
    await world.expectAllLetGo();
  });

  it('stops what needs it first, and puts all of it back when one cannot be stopped', async () => {
    const world = rig.world({ services: SERVICES });
    world.script.fail('stop queue', 'service.failed');
    const handle = await change(world, 'stop', ['queue'], { dependents: true });
    expect((await failureOfRun(handle)).code).toBe('service.failed');
    expect(running(world).sort()).toEqual(['api', 'queue', 'web']);
    expect((await world.steps(handle)).filter((one) => one.startsWith('Undo'))).toEqual([
      'Undo: start queue again',
      'Undo: start api again',
      'Undo: start web again',
    ]);
    await world.expectAllLetGo();
  });

  it('starts what is needed and does not run', async () => {
    const world = rig.world({ services: SERVICES });
    await resultOf(await change(world, 'stop', ['queue'], { dependents: true }));
    expect(running(world)).toEqual([]);
    const result = await resultOf<ServicesResult>(await change(world, 'start', ['api']));
    expect(result.services.map((one) => one.service)).toEqual(['queue', 'api']);
    expect(running(world).sort()).toEqual(['api', 'queue']);
  });

  it('is not allowed while the service is frozen', async () => {
    const world = rig.world({ services: SERVICES });
    const at = { stack: world.stack, site: rig.site };
    await freeze(rig.steady, at, 'api', { by: 'ana', reason: 'sale', at: new Date().toISOString() });
    const failure = await failureOfRun(await change(world, 'restart', ['api']));
    expect(failure.code).toBe('target.frozen');
    expect(failure.message).toContain('sale');
    expect(world.script.journal).not.toContain('restart api');
  });

  it('asks for approval where the file wants it, and changes nothing when it is denied', async () => {
    const [ana, ben] = [person('ana'), person('ben')];
    const world = rig.world({
      services: SERVICES,
      file: {
        approvers: [approver('ana', 'operator'), approver('ben', 'operator')],
        approvals: { services: { from: 'operator' } },
      },
    });
    const asked = {
      verb: 'stop',
      services: ['web'],
      dependents: false,
      reason: '',
      token: 'k7q2m9xd',
    } as const;
    const by = signedRequester(ana, servicesRequest(asked));
    const handle = await world.start<ServicesInput>('stop', asked, { by });
    const shown = await vi.waitFor(async () => {
      const state = await askedBy(handle);
      expect(state?.status).toBe('waiting');
      return state as ApprovalState;
    }, PATIENTLY);
    expect(shown.proposal.lines).toEqual(['stop web, which is running']);
    await decide(handle, { identity: ben, shown, decision: 'deny', reason: 'not now' });
    expect((await failureOfRun(handle)).code).toBe('approval.denied');
    expect(running(world)).toContain('web');
    // Who does not sign is not asked for.
    const failure = await failureOfRun(await change(world, 'stop', ['web']));
    expect(failure.code).toBe('identity.missing');
    expect(await targetState(rig.steady, { stack: world.stack, site: rig.site }, 'web')).toBeUndefined();
  });
});
