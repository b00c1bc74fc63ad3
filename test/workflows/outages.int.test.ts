import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { resultOf } from '../../src/client/outcome.js';
import { ROLES } from '../../src/contracts/names.js';
import { runId } from '../../src/contracts/ids.js';
import type { BackupInput, HoldInput, UndoInput } from '../../src/contracts/runs/procedures.js';
import { startTemporal, type TemporalServer } from '../services/temporal.js';
import { startRig, type Rig } from './harness.js';
import { failureOfRun } from './world.js';
import { PATIENTLY } from './patience.js';

describe('while all is without power for longer than anyone waits for a worker', () => {
  let server: TemporalServer;
  let rig: Rig;
  beforeAll(async () => {
    server = await startTemporal();
    rig = await startRig({ address: server.address, roles: [] });
  });
  afterAll(async () => {
    await rig.close();
    await server.close();
  });

  it('a step that nobody had taken yet is offered again, and the run goes on', async () => {
    const world = rig.world({ file: { limits: { worker: '16s' } } });
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    // The first step waits for a worker of its role.
    await vi.waitFor(
      async () => expect((await handle.describe()).raw.pendingActivities).toHaveLength(1),
      PATIENTLY,
    );
    await server.stop({ signal: 'SIGKILL' });
    await sleep(9000);
    await server.restart();
    await rig.serve(ROLES);
    await resultOf(handle);
    const { events } = await handle.fetchHistory();
    expect(events?.some((one) => one.activityTaskTimedOutEventAttributes)).toBe(true);
  });
});

describe('while the workers that put things back are away', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ roles: ROLES.filter((role) => role !== 'quick') });
  });
  afterAll(() => rig.close());

  const impatient = { services: { api: ['db'] }, file: { limits: { worker: '2s' } } };
  const untilAsked = (handle: WorkflowHandle, activity: string): Promise<void> =>
    vi.waitFor(async () => {
      const { raw } = await handle.describe();
      expect(raw.pendingActivities?.map((one) => one.activityType?.name)).toEqual([activity]);
    }, PATIENTLY);

  it('an undo that has stopped services waits for them too, and ends well', async () => {
    const stop = await rig.serve(['quick']);
    const world = rig.world(impatient);
    await world.backup();
    world.data('db').live = 'bad';
    const restore = await world.restore();
    await resultOf(restore);
    const id = runId('hold', world.stack, restore.workflowId.slice(-8));
    const hold = await rig.steady.client.workflow.getHandle(id).query<HoldInput>('hold');
    const gate = world.script.gate('stop api');
    const input = { restore: restore.workflowId, hold };
    const handle = await world.start<UndoInput & { hold: HoldInput }>('restore-undo', input);
    await gate.reached;
    await stop();
    gate.open();
    await untilAsked(handle, 'undoRestore');
    const stopAgain = await rig.serve(['quick']);
    await resultOf(handle);
    expect([world.data('db').live, world.services.get('api')]).toEqual(['bad', 'running']);
    await stopAgain();
  });

  it('a service that a backup has stopped waits for them and for nobody else', async () => {
    const stop = await rig.serve(['quick']);
    const world = rig.world({ ...impatient, stores: { db: { files: true } } });
    const gate = world.script.gate('dump db');
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    await gate.reached;
    await stop();
    await handle.cancel();
    const child = `backup-store.${world.stack}.db.${handle.workflowId.split('.').at(-1)}`;
    await untilAsked(rig.steady.client.workflow.getHandle(child), 'startService');
    const stopAgain = await rig.serve(['quick']);
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    expect(world.services.get('api')).toBe('running');
    await stopAgain();
  });

  it('a compensation waits for them, however long others would wait', async () => {
    const stop = await rig.serve(['quick']);
    const world = rig.world(impatient);
    await world.backup();
    world.data('db').live = 'bad';
    const gate = world.script.gate('cutover db');
    const handle = await world.restore();
    await gate.reached;
    await stop();
    await handle.cancel();
    await vi.waitFor(
      async () => expect((await world.steps(handle)).at(-1)).toMatch(/^Undo: .*Put db back$/),
      PATIENTLY,
    );
    await sleep(4000);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(world.services.get('api')).toBe('stopped');
    await rig.serve(['quick']);
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    expect(world.services.get('api')).toBe('running');
    expect(world.data('db').fresh.size).toBe(0);
    await world.expectAllLetGo();
  });
});
