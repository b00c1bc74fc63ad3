import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { storageState } from '../../../src/client/entities.js';
import { storageEntityId } from '../../../src/contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import {
  APPLIED_UPDATE,
  BEGIN_DELETE_UPDATE,
  CLAIM_UPDATE,
  END_DELETE_UPDATE,
  UNCLAIM_UPDATE,
  type ApplyRequest,
  type BackupRef,
  type ClaimRequest,
  type DeletePermit,
  type StorageInput,
} from '../../../src/contracts/runs/claims.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { PATIENTLY } from '../patience.js';
import { startRig, type Rig } from '../harness.js';
import { sleeper, type Sleeper } from './sleepers.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const A: BackupRef = { store: 'db', id: '20261122T020000Z-aaaaaaaa' };
const B: BackupRef = { store: 'db', id: '20261122T030000Z-bbbbbbbb' };

async function begin(input: Partial<StorageInput> = {}) {
  const world = rig.world();
  const { stack, site } = world.snapshot.stack;
  const entity = await rig.steady.client.workflow.start('storage', {
    workflowId: storageEntityId(stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [{ stack, site, ...input } satisfies StorageInput],
  });
  const handle = rig.steady.client.workflow.getHandle(storageEntityId(stack));
  const ask = <T>(update: string, who: Sleeper, ...backups: BackupRef[]): Promise<T> => {
    const { workflowId, runId } = who;
    const request: ClaimRequest = { workflowId, runId, backups };
    return handle.executeUpdate<T, [ClaimRequest]>(update, { args: [request] });
  };
  return {
    ...{ world, entity, handle },
    claim: (who: Sleeper, ...backups: BackupRef[]) => ask<undefined>(CLAIM_UPDATE, who, ...backups),
    unclaim: (who: Sleeper) => ask<undefined>(UNCLAIM_UPDATE, who),
    beginDelete: (who: Sleeper, ...backups: BackupRef[]) =>
      ask<DeletePermit>(BEGIN_DELETE_UPDATE, who, ...backups),
    endDelete: (who: Sleeper) => ask<undefined>(END_DELETE_UPDATE, who),
    state: async () => await storageState(rig.steady, world.snapshot.stack),
    sleepers: (count: number) => Promise.all(Array.from({ length: count }, () => sleeper(rig, world))),
  };
}

it('keeps the text of the stack file that is applied, also when storage comes back later', async () => {
  const { world, handle, state } = await begin();
  const { snapshot } = world;
  const create = world.storage.create.bind(world.storage);
  let away = true;
  world.storage.create = async (...args) => {
    if (away) throw new SteadyError('storage.unreachable', {}, { retryable: false });
    return await create(...args);
  };
  const apply = async (text: string) => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    const request: ApplyRequest = { sha256, at: new Date().toISOString(), by: 'ana', snapshot, text };
    await handle.executeUpdate<undefined, [ApplyRequest]>(APPLIED_UPDATE, { args: [request] });
    return `config/${sha256}.yaml`;
  };
  await apply('first');
  expect(await state()).toMatchObject({ applied: { by: 'ana' }, unkept: { text: 'first' } });
  away = false;
  const key = await apply('second');
  await vi.waitFor(async () => expect((await state())?.unkept).toBeUndefined(), PATIENTLY);
  expect(String(await world.storage.read(key))).toBe('second');
});

describe.concurrent('the claims of a storage', () => {
  it('keep a backup from being deleted, and name who reads it', async () => {
    const { claim, unclaim, beginDelete, sleepers } = await begin();
    const [reader, pruner] = (await sleepers(2)) as [Sleeper, Sleeper];
    await claim(reader, A);
    expect(await beginDelete(pruner, A, B)).toEqual({
      granted: [B],
      refused: [{ ...A, by: reader.workflowId }],
    });
    await unclaim(reader);
    expect(await beginDelete(pruner, A, B)).toEqual({ granted: [A, B], refused: [] });
  });

  it('are refused for a backup that is being deleted, until that is over', async () => {
    const { claim, beginDelete, endDelete, sleepers } = await begin();
    const [reader, pruner] = (await sleepers(2)) as [Sleeper, Sleeper];
    await beginDelete(pruner, A);
    const refused = await claim(reader, A).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect((refused as WorkflowUpdateFailedError).cause).toMatchObject({ type: 'backup.claimed' });
    await endDelete(pruner);
    await claim(reader, A);
  });

  it('of a run that has closed without letting go count no more, and neither does its permit', async () => {
    const { claim, beginDelete, sleepers } = await begin();
    const [dead, alsoDead, reader, pruner] = (await sleepers(4)) as [Sleeper, Sleeper, Sleeper, Sleeper];
    await claim(dead, A);
    await beginDelete(alsoDead, B);
    await Promise.all([dead.handle.terminate(), alsoDead.handle.terminate()]);
    expect(await beginDelete(pruner, A)).toEqual({ granted: [A], refused: [] });
    await claim(reader, B);
  });

  it('lose nothing when a claim and a deletion are asked for at once', async () => {
    const { claim, beginDelete, sleepers, state } = await begin();
    const [dead, reader, pruner] = (await sleepers(3)) as [Sleeper, Sleeper, Sleeper];
    await beginDelete(dead, A);
    await dead.handle.terminate();
    // While the claim asks whether the dead one lives, the deletion gets its permit.
    await Promise.all([claim(reader, A), beginDelete(pruner, B)]);
    const found = await state();
    expect(found?.claims.map(({ id }) => id)).toEqual([A.id]);
    expect(found?.deleting.map(({ id, workflowId }) => [id, workflowId])).toEqual([
      [B.id, pruner.workflowId],
    ]);
  });

  it('stay when it continues as new', async () => {
    const { claim, unclaim, beginDelete, sleepers, state, entity, handle } = await begin({ maxEvents: 40 });
    const [reader, pruner, visitor] = (await sleepers(3)) as [Sleeper, Sleeper, Sleeper];
    await claim(reader, A);
    await beginDelete(pruner, B);
    await vi.waitFor(
      async () => {
        await claim(visitor, A);
        await unclaim(visitor);
        expect((await handle.describe()).runId).not.toBe(entity.firstExecutionRunId);
      },
      { timeout: 30_000, interval: 20 },
    );
    const found = await state();
    expect(found?.claims.map(({ workflowId }) => workflowId)).toContain(reader.workflowId);
    expect(found?.deleting.map(({ id }) => id)).toEqual([B.id]);
  });
});
