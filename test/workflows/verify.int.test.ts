import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf } from '../../src/client/outcome.js';
import { SteadyError } from '../../src/contracts/failures.js';
import type { LookInput, VerifyInput, VerifyResult } from '../../src/contracts/runs/procedures.js';
import type { BackupLine } from '../../src/contracts/runs/lines.js';
import { proofSchema } from '../../src/contracts/stored/others.js';
import { startRig, type Rig } from './harness.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const selection = (stores: readonly string[], text = 'latest') => ({ text, stores, unverified: true });
const verify = (
  world: World,
  depth: VerifyInput['depth'],
  stores = Object.keys(world.snapshot.stack.stores),
) => world.start<VerifyInput>('verify', { depth, selection: selection(stores) });
const list = async (world: World, store = 'db'): Promise<BackupLine[]> =>
  resultOf(await world.start<LookInput>('look', { what: 'backups', stores: [store] }));
const proofs = async (world: World) =>
  Promise.all(
    (await world.keys('proofs/')).map(async (key) =>
      proofSchema.parse(JSON.parse(String(await world.storage.read(key)))),
    ),
  );

describe.concurrent('a proof', () => {
  it.each(['stored', 'readable', 'restored'] as const)(
    'of depth %s is written with what was found',
    async (depth) => {
      const world = rig.world();
      const { db: id } = await world.backup();
      const handle = await verify(world, depth);
      const result = await resultOf<VerifyResult>(handle);
      expect(result.proofs).toMatchObject([{ store: 'db', id, depth, passed: true }]);
      const { runId } = await handle.describe();
      const written = (await proofs(world)).find((one) => one.run.runId === runId);
      expect(written).toMatchObject({ backupId: id, depth, passed: true });
      expect(written?.findings.length).toBeGreaterThan(0);
      expect(await world.record(handle)).toMatchObject({ procedure: 'verify', outcome: 'done' });
      if (depth === 'restored') expect(world.script.journal).toContain('close scratch of db');
      await world.expectAllLetGo();
    },
  );

  it('that fails is written, fails the run, and takes the backup out of latest', async () => {
    const world = rig.world();
    const { db: good } = await world.backup();
    const { db: bad } = await world.backup();
    const [key = ''] = await world.keys(`data/db/${bad}/text`);
    // Somebody deletes an object of the newest backup.
    await world.storage.delete(key);
    const handle = await verify(world, 'stored');
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('verify.failed');
    expect(failure.message).toContain(`an object is missing [key=${key}]`);
    expect((await proofs(world)).some((one) => one.backupId === bad && !one.passed)).toBe(true);
    expect((await list(world)).map((one) => [one.id, one.verified, one.failedProof !== undefined])).toEqual([
      [good, 'readable', false],
      [bad, undefined, true],
    ]);
    const dryRun = await resultOf<{ lines: string[] }>(await world.restore({ dryRun: true }));
    expect(dryRun.lines[0]).toContain(`from ${good}`);
    expect(dryRun.lines).toContain(`db: a newer backup ${bad} is not verified and was passed over`);
    expect(await world.record(handle)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'verify.failed' },
    });
    await world.expectAllLetGo();
  });

  it('says nothing about the backup when storage was only away for a moment', async () => {
    const world = rig.world();
    await world.backup();
    world.script.on('scratch db', ({ time }) => {
      if (time < 3) throw new SteadyError('storage.unreachable');
    });
    await resultOf(await verify(world, 'restored'));
    expect((await proofs(world)).every((one) => one.passed)).toBe(true);
    expect((await list(world)).map((one) => one.verified)).toEqual(['restored']);
  });

  it('is not written when it could not be made, and the other stores are proven all the same', async () => {
    const world = rig.world({ stores: { cache: {}, db: {}, empty: {} } });
    await world.backup({ stores: ['cache', 'db'] });
    world.script.fail('scratch cache', 'tool.missing');
    const handle = await verify(world, 'restored');
    const failure = await failureOfRun(handle);
    expect(failure.message).toMatch(/no such backup.*store=empty.*a tool is not installed.*passed=1/);
    expect((await list(world, 'cache')).map((one) => [one.proven, one.failedProof])).toEqual([
      ['readable', undefined],
    ]);
    expect((await list(world, 'db')).map((one) => one.proven)).toEqual(['restored']);
    await world.expectAllLetGo();
  });

  it('lets go of the backup when the run is cancelled', async () => {
    const world = rig.world();
    await world.backup();
    const gate = world.script.gate('scratch db');
    const handle = await verify(world, 'restored');
    await gate.reached;
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    await world.expectAllLetGo();
    expect(await world.record(handle)).toMatchObject({ outcome: 'cancelled' });
  });

  it('is kept beside another one of the same second', async () => {
    const world = rig.world();
    await world.backup();
    const handles = await Promise.all([1, 2, 3].map(() => verify(world, 'stored')));
    await Promise.all(handles.map((handle) => resultOf(handle)));
    expect((await proofs(world)).filter((one) => one.depth === 'stored')).toHaveLength(3);
  });
});
