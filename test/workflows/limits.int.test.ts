import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupInput, LookInput } from '../../src/contracts/runs/procedures.js';
import { ROLES } from '../../src/contracts/names.js';
import { startRig, type Rig } from './harness.js';
import { failureOfRun } from './world.js';

let rig: Rig;
beforeAll(async () => {
  // Everything but transfers of backups.
  rig = await startRig({ roles: ROLES.filter((role) => role !== 'backup' && role !== 'change') });
});
afterAll(() => rig.close());

describe.concurrent('a role without a worker', () => {
  it('is named with its queue, within the limit', async () => {
    const world = rig.world({ file: { limits: { worker: '2s' } } });
    const begun = Date.now();
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    const failure = await failureOfRun(handle);
    expect(Date.now() - begun).toBeLessThan(12_000);
    expect(failure.code).toBe('backup.failed');
    expect(failure.message).toContain(`no worker [queue=steady.${rig.site}.backup step=dumpStore waited=2s]`);
    expect(await world.record(handle)).toMatchObject({ outcome: 'failed' });
    await world.expectAllLetGo();
  });

  it('keeps its own code where it is the failure of the run itself', async () => {
    const world = rig.world({ file: { limits: { worker: '2s' } } });
    await world.start<LookInput>('look', { what: 'standings', stores: [] });
    const elsewhere = { ...world.snapshot, stack: { ...world.snapshot.stack, site: 'nowhere-at-all' } };
    const handle = await world.start<LookInput>(
      'look',
      { what: 'backups', stores: ['db'] },
      { snapshot: elsewhere },
    );
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('worker.absent');
    expect(failure.message).toBe('no worker [queue=steady.nowhere-at-all.proof step=listBackups waited=2s]');
    expect(failure.hint).toContain('steady up');
  });

  it('does not keep a run from ending, although nobody can write its record yet', async () => {
    const world = rig.world({ file: { limits: { worker: '2s' } } });
    const elsewhere = { ...world.snapshot, stack: { ...world.snapshot.stack, site: 'nowhere-at-all' } };
    const begun = Date.now();
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] }, { snapshot: elsewhere });
    expect((await failureOfRun(handle)).code).toBe('worker.absent');
    expect(Date.now() - begun).toBeLessThan(15_000);
  });
});
