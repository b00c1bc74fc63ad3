import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/adapters/storage/memory.js';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { ledgerState } from '../../../src/client/entities.js';
import { verifyChain } from '../../../src/contracts/evidence.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { ledgerEntityId } from '../../../src/contracts/ids.js';
import { keys } from '../../../src/contracts/keys.js';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import { RECORD_SIGNAL, type LedgerInput, type RecordSignal } from '../../../src/contracts/runs/ledger.js';
import { startRig, type Rig } from '../harness.js';
import type { World } from '../world.js';
import { PATIENTLY } from '../patience.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

async function begin(options: { storage?: StoragePort; ledger?: Partial<LedgerInput> } = {}) {
  const world = rig.world(options.storage === undefined ? {} : { storage: options.storage });
  const { snapshot } = world;
  const workflowId = ledgerEntityId(world.stack);
  const entity = await rig.steady.client.workflow.start('ledger', {
    workflowId,
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [{ snapshot, pauseSeconds: 1, ...options.ledger } satisfies LedgerInput],
  });
  const handle = rig.steady.client.workflow.getHandle(workflowId);
  const submit = async (run: string): Promise<void> => {
    const at = '2026-11-22T02:00:00.000Z';
    const record = {
      ...{ stack: world.stack, procedure: 'backup', by: 'tester', startedAt: at, closedAt: at },
      ...{
        outcome: 'done' as const,
        steps: [],
        approvals: [],
        run: { workflowId: `backup.${run}`, runId: run },
      },
    };
    await handle.signal(RECORD_SIGNAL, { snapshot, record } satisfies RecordSignal);
  };
  return { world, handle, entity, submit };
}

async function chain(world: World) {
  const found = await world.keys('records/');
  const records = await Promise.all(
    found.map(async (key) => ({ key, bytes: (await world.storage.read(key)) ?? Buffer.alloc(0) })),
  );
  return verifyChain(records);
}

const recorded = (world: World, count: number) =>
  vi.waitFor(async () => expect(await world.keys('records/')).toHaveLength(count), PATIENTLY);

describe.concurrent('the ledger', () => {
  it('chains the records of all runs', async () => {
    const world = rig.world();
    await Promise.all([1, 2, 3].map(() => world.backup()));
    await recorded(world, 3);
    const verdict = await chain(world);
    expect(verdict.broken).toBeUndefined();
    expect(verdict.records.map((one) => [one.number, one.procedure])).toEqual([
      [1, 'backup'],
      [2, 'backup'],
      [3, 'backup'],
    ]);
    const state = await ledgerState(rig.steady, world.snapshot.stack);
    expect(state).toMatchObject({ head: verdict.head, pending: [] });
    expect(state?.alarm).toBeUndefined();
  });

  it('writes a record once that is handed to it twice', async () => {
    const { world, submit } = await begin();
    for (const run of ['one', 'one', 'two', 'one']) await submit(run);
    await recorded(world, 2);
    expect((await chain(world)).records.map((one) => one.run.runId)).toEqual(['one', 'two']);
  });

  it('goes on after the newest record when it begins anew, as after the loss of Temporal', async () => {
    const { world, submit, handle } = await begin();
    await submit('one');
    await recorded(world, 1);
    await handle.terminate();
    const { snapshot } = world;
    await rig.steady.client.workflow.start('ledger', {
      workflowId: handle.workflowId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [{ snapshot } satisfies LedgerInput],
    });
    await submit('two');
    await recorded(world, 2);
    const verdict = await chain(world);
    expect(verdict.broken).toBeUndefined();
    expect(verdict.records.map((one) => one.run.runId)).toEqual(['one', 'two']);
  });

  it('alarms when its number is taken by something else, and writes nothing more', async () => {
    const { world, submit } = await begin();
    await submit('one');
    await recorded(world, 1);
    await world.storage.create(keys.record(2), Buffer.from('{"not":"ours"}\n'));
    await submit('two');
    await submit('three');
    await vi.waitFor(async () => {
      const state = await ledgerState(rig.steady, world.snapshot.stack);
      expect(state?.alarm).toContain('number taken');
    }, PATIENTLY);
    // A few tries later it is as it was.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await world.keys('records/')).toHaveLength(2);
    const state = await ledgerState(rig.steady, world.snapshot.stack);
    expect(state?.pending.map((one) => one.run.runId)).toEqual(['two', 'three']);
    expect((await chain(world)).broken).toMatchObject({ number: 2 });
  });

  it('waits while storage is away, and writes when it is back', async () => {
    const storage = createMemoryStorage();
    let away = true;
    const create: StoragePort['create'] = async (key, content) => {
      if (away && key.startsWith('records/')) throw new SteadyError('storage.denied');
      return await storage.create(key, content);
    };
    const { world, submit } = await begin({ storage: { ...storage, create } });
    await submit('one');
    await submit('two');
    await vi.waitFor(async () => {
      const state = await ledgerState(rig.steady, world.snapshot.stack);
      expect(state?.alarm).toContain('storage refused the credentials');
    }, PATIENTLY);
    expect(await world.keys('records/')).toEqual([]);
    away = false;
    await recorded(world, 2);
    await vi.waitFor(async () => {
      const state = await ledgerState(rig.steady, world.snapshot.stack);
      expect(state).toMatchObject({ pending: [], head: { number: 2 } });
      expect(state?.alarm).toBeUndefined();
    }, PATIENTLY);
  });

  it('writes its first record once although the answer of the first try was lost', async () => {
    const storage = createMemoryStorage();
    let lose = true;
    const create: StoragePort['create'] = async (key, content) => {
      const result = await storage.create(key, content);
      if (lose && key.startsWith('records/')) {
        lose = false;
        throw new SteadyError('storage.unreachable');
      }
      return result;
    };
    const { world, submit } = await begin({ storage: { ...storage, create } });
    await submit('one');
    await submit('two');
    await vi.waitFor(async () => {
      expect((await ledgerState(rig.steady, world.snapshot.stack))?.pending).toEqual([]);
    }, PATIENTLY);
    const verdict = await chain(world);
    expect(verdict.broken).toBeUndefined();
    expect(verdict.records.map((one) => one.run.runId)).toEqual(['one', 'two']);
  });

  it('keeps head and pending records when it continues as new', async () => {
    const { world, submit, entity, handle } = await begin({ ledger: { maxEvents: 25 } });
    for (let at = 0; at < 12; at++) await submit(`run ${at}`);
    await recorded(world, 12);
    expect((await handle.describe()).runId).not.toBe(entity.firstExecutionRunId);
    const verdict = await chain(world);
    expect(verdict.broken).toBeUndefined();
    expect(new Set(verdict.records.map((one) => one.run.runId)).size).toBe(12);
  });
});
