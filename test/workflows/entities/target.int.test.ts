import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomUUID } from 'node:crypto';
import { freeze, targetState, thaw } from '../../../src/client/entities.js';
import { targetEntityId } from '../../../src/contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import {
  LOCK_RELEASE_SIGNAL,
  LOCK_REQUEST_SIGNAL,
  type LockHolder,
  type LockRequest,
  type TargetInput,
} from '../../../src/contracts/runs/locks.js';
import { startRig, type Rig } from '../harness.js';
import type { World } from '../world.js';
import { sleeper, type Sleeper } from './sleepers.js';
import { PATIENTLY } from '../patience.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** A target's entity, asked as runs ask it. */
async function begin(input: Partial<TargetInput> = {}) {
  const world = rig.world();
  const { stack, site } = world.snapshot.stack;
  const workflowId = targetEntityId(stack, 'db');
  const args: TargetInput = { stack, target: 'db', site, lookSeconds: 1, afterlifeSeconds: 2, ...input };
  const entity = await rig.steady.client.workflow.start('target', {
    workflowId,
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [args],
  });
  const handle = rig.steady.client.workflow.getHandle(workflowId);
  const state = async () => {
    const found = await targetState(rig.steady, world.snapshot.stack, 'db');
    if (found === undefined) throw new Error('no entity');
    return found;
  };
  return {
    ...{ world, entity, handle, state },
    async ask(who: Sleeper, of: Partial<LockRequest> = {}): Promise<LockRequest> {
      const { workflowId, runId } = who;
      const request: LockRequest = {
        ...{ requestId: randomUUID(), workflowId, runId, target: 'db' },
        ...{ mode: 'exclusive', priority: 'scheduled', purpose: 'a test', ...of },
      };
      await handle.signal(LOCK_REQUEST_SIGNAL, request);
      return request;
    },
    release: (request: LockRequest) => handle.signal(LOCK_RELEASE_SIGNAL, request.requestId),
    /** Waits until exactly these hold it. */
    async held(...requests: LockRequest[]): Promise<readonly LockHolder[]> {
      return await vi.waitFor(async () => {
        const { holders } = await state();
        expect(holders.map((one) => one.requestId)).toEqual(requests.map((one) => one.requestId));
        return holders;
      }, PATIENTLY);
    },
  };
}

const sleepers = (world: World, count: number): Promise<Sleeper[]> =>
  Promise.all(Array.from({ length: count }, () => sleeper(rig, world)));

describe.concurrent('a target', () => {
  it('grants in order of arrival within a priority, an emergency first', async () => {
    const { world, ask, release, held, state } = await begin();
    const [a, b, c, d] = (await sleepers(world, 4)) as [Sleeper, Sleeper, Sleeper, Sleeper];
    const first = await ask(a);
    await held(first);
    const second = await ask(b);
    const third = await ask(c);
    const emergency = await ask(d, { priority: 'emergency' });
    await vi.waitFor(async () => expect((await state()).waiting).toHaveLength(3), PATIENTLY);
    expect((await state()).waiting.map((one) => one.requestId)).toEqual(
      [emergency, second, third].map((one) => one.requestId),
    );
    const fences: number[] = [];
    for (const [before, next] of [
      [first, emergency],
      [emergency, second],
      [second, third],
    ] as const) {
      await release(before);
      fences.push((await held(next))[0]?.fence ?? 0);
    }
    expect(fences).toEqual([2, 3, 4]);
  });

  it('lets readers in together, and nobody passes one who waits for a turn', async () => {
    const { world, ask, release, held } = await begin();
    const [a, b, c, d] = (await sleepers(world, 4)) as [Sleeper, Sleeper, Sleeper, Sleeper];
    const [one, two] = [await ask(a, { mode: 'shared' }), await ask(b, { mode: 'shared' })];
    await held(one, two);
    const writer = await ask(c, { purpose: 'restore asked by ana' });
    const late = await ask(d, { mode: 'shared' });
    // Everyone who waits is told for whom.
    await vi.waitFor(async () => {
      expect((await c.answers()).at(-1)?.words).toContain(`held by ${a.workflowId} since`);
      expect((await d.answers()).at(-1)?.words).toContain(`held by ${a.workflowId} since`);
    }, PATIENTLY);
    await release(one);
    await held(two);
    await release(two);
    await held(writer);
    await vi.waitFor(
      async () => expect((await d.answers()).at(-1)?.words).toContain('restore asked by ana'),
      PATIENTLY,
    );
    await release(writer);
    await held(late);
    await vi.waitFor(
      async () => expect((await d.answers()).at(-1)).toMatchObject({ state: 'granted' }),
      PATIENTLY,
    );
  });

  it('tells one who waits again only when there is something new', async () => {
    const { world, ask, held } = await begin();
    const [a, b] = (await sleepers(world, 2)) as [Sleeper, Sleeper];
    await held(await ask(a));
    await ask(b);
    // Several looks after the holder later.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(await b.answers()).toHaveLength(1);
  });

  it('takes a repeated request as one, and answers it again', async () => {
    const { world, ask, release, held, state } = await begin();
    const [a] = (await sleepers(world, 1)) as [Sleeper];
    const request = await ask(a);
    await held(request);
    await ask(a, { requestId: request.requestId });
    await vi.waitFor(async () => expect(await a.answers()).toHaveLength(2), PATIENTLY);
    expect((await a.answers()).map((one) => one.fence)).toEqual([1, 1]);
    await release(request);
    await held();
    expect((await state()).waiting).toEqual([]);
  });

  it('refuses changes while it is frozen and says who froze it and why; readers go on', async () => {
    const { world, ask, release, held } = await begin();
    const [a, b, c, d] = (await sleepers(world, 4)) as [Sleeper, Sleeper, Sleeper, Sleeper];
    const holder = await ask(a);
    await held(holder);
    const waiting = await ask(b);
    const at = '2026-11-22T02:00:00.000Z';
    await freeze(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'an audit', at });
    const refusal = { state: 'refused', words: `frozen by ana at ${at}: an audit` };
    await vi.waitFor(async () => expect((await b.answers()).at(-1)).toMatchObject(refusal), PATIENTLY);
    // Who holds it already ends in peace.
    await held(holder);
    await release(holder);
    const reader = await ask(c, { mode: 'shared' });
    await held(reader);
    const changer = await ask(d);
    await vi.waitFor(async () => expect((await d.answers()).at(-1)).toMatchObject(refusal), PATIENTLY);
    await thaw(rig.steady, world.snapshot.stack, 'db');
    await release(reader);
    await held();
    // A refused one is not in the queue: it has to ask again.
    const again = await ask(d);
    await held(again);
    expect([waiting, changer]).toHaveLength(2);
  });

  it('goes to the next when its holder has died, but not before that one’s activities must have ended', async () => {
    const { world, ask, held } = await begin({ afterlifeSeconds: 3 });
    const [a, b] = (await sleepers(world, 2)) as [Sleeper, Sleeper];
    await held(await ask(a));
    // A run that dies before it is told has begun nothing.
    await vi.waitFor(async () => expect(await a.answers()).toHaveLength(1), PATIENTLY);
    const next = await ask(b);
    await a.handle.terminate();
    const died = Date.now();
    await held(next);
    expect(Date.now() - died).toBeGreaterThan(2900);
    expect(Date.now() - died).toBeLessThan(9000);
  });

  it('goes to the next at once when a run that only waited has died', async () => {
    const { world, ask, release, held } = await begin();
    const [a, b, c] = (await sleepers(world, 3)) as [Sleeper, Sleeper, Sleeper];
    const holder = await ask(a);
    await held(holder);
    await ask(b);
    const last = await ask(c);
    await b.handle.terminate();
    await release(holder);
    await held(last);
  });

  it('stays with its holder while no worker can say whether that one lives', async () => {
    const { world, ask, held, state, handle, release } = await begin({ site: 'nowhere', workerSeconds: 1 });
    const [a, b] = (await sleepers(world, 2)) as [Sleeper, Sleeper];
    const holder = await ask(a);
    await held(holder);
    const next = await ask(b);
    // Several looks that nobody answers.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect((await state()).holders.map((one) => one.requestId)).toEqual([holder.requestId]);
    await release(holder);
    await held(next);
  });

  it('keeps holders, queue, freeze and fence when it continues as new', async () => {
    const { world, ask, release, held, entity, handle, state } = await begin({ maxEvents: 60 });
    const [a, b, c] = (await sleepers(world, 3)) as [Sleeper, Sleeper, Sleeper];
    const reader = await ask(a, { mode: 'shared' });
    await held(reader);
    const waiting = await ask(b);
    await vi.waitFor(async () => expect((await state()).waiting).toHaveLength(1), PATIENTLY);
    // Comings and goings fill its history.
    await vi.waitFor(
      async () => {
        await release(await ask(c));
        expect((await handle.describe()).runId).not.toBe(entity.firstExecutionRunId);
      },
      { timeout: 30_000, interval: 20 },
    );
    const after = await state();
    expect(after.holders.map((one) => one.requestId)).toEqual([reader.requestId]);
    expect(after.waiting.map((one) => one.requestId)).toContain(waiting.requestId);
    const { fence } = after;
    await release(reader);
    const [holder] = await held(waiting);
    expect(holder?.fence).toBe(fence + 1);
  });
});
