import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../src/adapters/storage/memory.js';
import type { StoragePort } from '../../src/adapters/storage/port.js';
import { resultOf } from '../../src/client/outcome.js';
import { SteadyError } from '../../src/contracts/failures.js';
import type {
  BackupResult,
  LookInput,
  MarkInput,
  PruneInput,
  PruneResult,
} from '../../src/contracts/runs/procedures.js';
import type { BackupLine } from '../../src/contracts/runs/lines.js';
import { startRig, type Rig } from './harness.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const plan = (keep: Record<string, unknown>) => ({
  plans: { nightly: { schedule: '0 3 * * *', stores: ['db'], verify: 'readable', keep } },
});

/** A stack with so many verified backups, oldest first. */
async function withBackups(
  count: number,
  keep: Record<string, unknown> = { last: 1, verified: 1 },
  storage: StoragePort = createMemoryStorage(),
): Promise<{ world: World; ids: string[] }> {
  const world = rig.world({ file: plan(keep), storage });
  const ids: string[] = [];
  for (let at = 0; at < count; at++) ids.push((await world.backup())['db'] ?? '');
  // Ids of one second are in no order of time: they are in the order of the list.
  return { world, ids: (await list(world)).map((one) => one.id) };
}

const list = async (world: World): Promise<BackupLine[]> =>
  resultOf(await world.start<LookInput>('look', { what: 'backups', stores: ['db'] }));
const prune = (world: World, dryRun = false) => world.start<PruneInput>('prune', { stores: ['db'], dryRun });
const lines = (result: PruneResult) => result.lines.map((one) => [one.id, one.keep, one.deleted]);

describe.concurrent('prune', () => {
  it('says in a dry run what it would delete and why, and deletes nothing', async () => {
    const { world, ids } = await withBackups(2);
    const before = await world.keys('');
    const result = await resultOf<PruneResult>(await prune(world, true));
    expect(result.lines.filter((one) => !one.keep)).toHaveLength(1);
    for (const line of result.lines) expect(line.why).not.toBe('');
    expect(result.lines.every((one) => !one.deleted)).toBe(true);
    const stored = (found: string[]) => found.filter((key) => !key.startsWith('records/'));
    expect(stored(await world.keys(''))).toEqual(stored(before));
    expect((await list(world)).map((one) => one.id)).toEqual(ids);
  });

  it('deletes all of a backup that nothing keeps', async () => {
    const { world } = await withBackups(3);
    const handle = await prune(world);
    const result = await resultOf<PruneResult>(handle);
    const gone = result.lines.filter((one) => one.deleted).map((one) => one.id);
    expect(gone).toHaveLength(2);
    for (const id of gone) {
      expect(await world.keys(`data/db/${id}/`)).toEqual([]);
      expect(await world.keys(`proofs/db/${id}/`)).toEqual([]);
    }
    expect((await list(world)).map((one) => one.id)).toEqual(
      result.lines.filter((one) => one.keep).map((one) => one.id),
    );
    expect(await world.record(handle)).toMatchObject({ procedure: 'prune', outcome: 'done' });
    await world.expectAllLetGo();
  });

  it('never deletes the newest verified ones, and nothing at all without one', async () => {
    const { world } = await withBackups(3, { last: 1, verified: 2 });
    const first = await resultOf<PruneResult>(await prune(world));
    expect(first.lines.filter((one) => one.keep)).toHaveLength(2);

    const unproven = rig.world({ file: plan({ last: 1 }) });
    unproven.script.fail('readable db', 'key.missing');
    for (const _ of [1, 2, 3]) await failureOfRun(await unproven.start('backup', { stores: ['db'] }));
    const second = await resultOf<PruneResult>(await prune(unproven));
    expect(second.lines.map((one) => one.why)).toEqual(
      Array(3).fill(expect.stringContaining('no verified backup: nothing is deleted')),
    );
    expect(second.lines.every((one) => one.keep)).toBe(true);
  });

  it('refuses when it cannot list, and deletes nothing', async () => {
    const memory = createMemoryStorage();
    let broken = false;
    const list: StoragePort['list'] = (prefix) =>
      broken && prefix.startsWith('proofs/') ? failing() : memory.list(prefix);
    async function* failing(): AsyncGenerator<never> {
      throw new SteadyError('storage.denied', { key: 'proofs/' });
    }
    const { world } = await withBackups(2, undefined, { ...memory, list });
    broken = true;
    const failure = await failureOfRun(await prune(world));
    expect(failure.code).toBe('storage.denied');
    expect(await world.keys('manifests/')).toHaveLength(2);
  });

  it('leaves a backup that is being read, names who reads it, and takes it the next time', async () => {
    const { world, ids } = await withBackups(2);
    const old =
      (await resultOf<PruneResult>(await prune(world, true))).lines.find((one) => !one.keep)?.id ?? '';
    expect(ids).toContain(old);
    const gate = world.script.gate('load db');
    const selection = { text: old, stores: ['db'], unverified: false };
    const restore = await world.restore({ mode: 'into', into: 'copy', selection });
    await gate.reached;
    const handle = await prune(world);
    const result = await resultOf<PruneResult>(handle);
    expect(lines(result)).toContainEqual([old, false, false]);
    const { steps } = await world.timeline(handle);
    expect(steps.at(-1)?.notes).toContain(
      `db ${old} is read by ${restore.workflowId}: left for the next time`,
    );
    gate.open();
    await resultOf(restore);
    expect(lines(await resultOf<PruneResult>(await prune(world)))).toContainEqual([old, false, true]);
  });

  it('leaves a backup that is marked to be kept', async () => {
    const { world } = await withBackups(2);
    const old =
      (await resultOf<PruneResult>(await prune(world, true))).lines.find((one) => !one.keep)?.id ?? '';
    await resultOf(
      await world.start<MarkInput>('mark', { store: 'db', id: old, kind: 'keep', reason: 'audit' }),
    );
    const result = await resultOf<PruneResult>(await prune(world));
    expect(result.lines.find((one) => one.id === old)).toMatchObject({
      keep: true,
      why: 'marked to be kept for ever',
    });
  });

  it('leaves a backup that is marked to be kept after it was decided', async () => {
    const { world, ids } = await withBackups(3);
    const [oldest = '', middle = ''] = ids;
    const delete_ = world.storage.delete.bind(world.storage);
    world.storage.delete = async (key) => {
      // Somebody keeps the second while the first is being deleted.
      if (key.includes(oldest) && key.startsWith('manifests/'))
        await resultOf(
          await world.start<MarkInput>('mark', { store: 'db', id: middle, kind: 'keep', reason: 'an audit' }),
        );
      await delete_(key);
    };
    const result = await resultOf<PruneResult>(await prune(world));
    expect(result.lines.filter((one) => one.deleted).map((one) => one.id)).toEqual([oldest]);
    expect((await list(world)).map((one) => one.id)).toEqual(ids.slice(1));
  });

  it('takes the manifest first: a half-deleted backup is never listed, and the rest goes with the next attempt', async () => {
    const memory = createMemoryStorage();
    const deleted: string[] = [];
    let seen: string[] | undefined;
    const storage: StoragePort = {
      ...memory,
      async delete(key) {
        if (key.startsWith('data/') && seen === undefined) {
          // What somebody who lists at this moment sees.
          seen = [];
          for await (const object of memory.list('manifests/')) seen.push(object.key);
          throw new Error('killed half-way');
        }
        deleted.push(key);
        await memory.delete(key);
      },
    };
    const { world } = await withBackups(2, undefined, storage);
    const result = await resultOf<PruneResult>(await prune(world));
    const gone = result.lines.find((one) => one.deleted)?.id ?? '';
    expect(seen).toHaveLength(1);
    expect(seen?.[0]).not.toContain(gone);
    expect(deleted[0]).toBe(`manifests/db/${gone}.json`);
    expect(await world.keys(`data/db/${gone}/`)).toEqual([]);
  });

  it('may run twice at once', async () => {
    const { world } = await withBackups(3);
    const results = await Promise.all([1, 2].map(async () => resultOf<PruneResult>(await prune(world))));
    expect(results.flatMap((one) => one.lines).some((one) => one.deleted)).toBe(true);
    expect(await list(world)).toHaveLength(1);
    expect(
      await world.keys('data/').then((found) => new Set(found.map((key) => key.split('/')[2])).size),
    ).toBe(1);
    await world.expectAllLetGo();
  });

  it('follows a backup of its plan, which says how many went', async () => {
    const { world } = await withBackups(2);
    const handle = await world.start('backup', { stores: ['db'], plan: 'nightly' });
    const result = await resultOf<BackupResult>(handle);
    expect(result.pruned).toBe(2);
    expect((await list(world)).map((one) => one.id)).toEqual([result.stores[0]?.backupId]);
  });

  it('keeps all of a store that no plan names', async () => {
    const world = rig.world({ stores: { db: {}, other: {} }, file: plan({ last: 1, verified: 1 }) });
    for (const _ of [1, 2]) await world.backup();
    const handle = await world.start<PruneInput>('prune', { stores: ['db', 'other'], dryRun: false });
    const result = await resultOf<PruneResult>(handle);
    const other = result.lines.filter((one) => one.store === 'other');
    expect(other.map((one) => [one.keep, one.why])).toEqual(
      Array(2).fill([true, 'no plan names this store']),
    );
    expect(result.lines.filter((one) => one.deleted)).toHaveLength(1);
  });
});
