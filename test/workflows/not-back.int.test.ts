import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { restoredLines } from '../../src/cli/restored-lines.js';
import { attentionLines } from '../../src/cli/status-lines.js';
import { askedBy, decide } from '../../src/client/approvals.js';
import { acceptNotBack } from '../../src/client/accept.js';
import { acceptData, targetState } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import { temporalStatus } from '../../src/client/status.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { runId } from '../../src/contracts/ids.js';
import type { HoldInput, RestoreResult, UndoInput } from '../../src/contracts/runs/procedures.js';
import { startRig, type Rig } from './harness.js';
import { PATIENTLY } from './patience.js';
import { approver, person } from './people.js';
import { failureOfRun, type World, type WorldOptions } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

async function changedSince(options: WorldOptions): Promise<World> {
  const world = rig.world(options);
  await world.backup();
  for (const store of Object.keys(world.snapshot.stack.stores)) world.data(store).live = `bad ${store}`;
  return world;
}

/** A store that keeps what it replaces also in place. */
function keepsInPlace(world: World, store: string): void {
  const portOf = world.storePort;
  world.storePort = (name) => {
    const port = portOf(name);
    if (name !== store) return port;
    const beside = <P extends { readonly mode: string }>(place: P): P =>
      place.mode === 'in-place' ? { ...place, mode: 'beside' } : place;
    return {
      ...port,
      preview: (call, manifest, place) => port.preview(call, manifest, beside(place)),
      load: (call, reader, place) => port.load(call, reader, beside(place)),
      compare: (call, manifest, place) => port.compare(call, manifest, beside(place)),
      cutover: (call, place) => port.cutover(call, beside(place)),
      undo: (call, place, options) => port.undo(call, beside(place), options),
      kept: (call, place) => port.kept(call, beside(place)),
      release: (call, place) => port.release(call, beside(place)),
    };
  };
}

async function undo(world: World, restore: WorkflowHandle): Promise<WorkflowHandle> {
  const id = runId('hold', world.stack, restore.workflowId.slice(-8));
  const hold = await rig.steady.client.workflow.getHandle(id).query<HoldInput>('hold');
  const input = { restore: restore.workflowId, hold };
  return await world.start<UndoInput & { hold: HoldInput }>('restore-undo', input);
}

const only = (store: string) => ({ selection: { text: 'latest', stores: [store], unverified: false } });
const backupOf = async (world: World, store: string): Promise<SteadyError> =>
  await failureOfRun(await world.start('backup', { stores: [store] }));
/** What is listed as open lags a little behind. */
const untilTold = (world: World, words: string): Promise<void> =>
  vi.waitFor(async () => expect(await told(world)).toContain(words), PATIENTLY);
const told = async (world: World): Promise<string> =>
  attentionLines(await temporalStatus(rig.steady, world.snapshot), 'UTC', Date.now()).join('\n');

/** It is missed within 15 s, and its activities may live as long again. */
const AFTER_A_DEAD_HOLDER = { ...PATIENTLY, timeout: 75_000 };

describe.concurrent('a store whose data a restore could not put back', () => {
  it('is not backed up, and no other restore starts what uses it, until a restore has brought it back', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { files: true, live: 'good' } },
      services: { api: ['db', 'cache'] },
    });
    world.answers.set('health api', '502');
    world.script.fail('undo db', 'store.denied');
    const failed = await world.restore(only('db'));
    await failureOfRun(failed);
    world.answers.clear();
    await untilTold(world, `✗ db: its data are not back since ${failed.workflowId} failed`);
    expect((await backupOf(world, 'db')).message).toContain('not back since a restore failed');

    const { lines } = await resultOf<RestoreResult>(await world.restore(only('cache')));
    expect(lines).toContain('api not started: the data of db are not back');
    expect([...world.services.values()]).toEqual(['stopped']);

    world.script.on('undo db', () => undefined);
    await resultOf(await world.restore(only('db')));
    expect([...world.services.values()]).toEqual(['running']);
    expect(await told(world)).not.toContain('not back');
    await world.backup();
    expect([...world.services.values()]).toEqual(['running']);
  });

  it('keeps the backup that was taken first, and counts again when a person says that it is in order', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    world.script.fail('load db', 'stream.corrupt');
    const failure = await failureOfRun(await world.restore({ mode: 'in-place' }));
    const id = /; bring db back with: steady restore (\S+) --in-place --unverified$/.exec(
      failure.message,
    )?.[1];
    const marks = await Promise.all(
      (await world.keys(`marks/db/${id}/`)).map(async (key) =>
        JSON.parse(String(await world.storage.read(key))),
      ),
    );
    expect(marks.map(({ until }) => until)).toEqual([expect.any(String), undefined]);
    await untilTold(world, `steady restore ${id} --in-place --unverified`);
    expect((await backupOf(world, 'db')).message).toContain('not back');
    expect([...world.services.values()]).toEqual(['stopped']);
    const { notBack } = (await targetState(rig.steady, world.snapshot.stack, 'db')) ?? {};
    const said = { by: 'ana', reason: 'mended', at: new Date().toISOString() };
    // What came after what somebody saw stays.
    await acceptData(rig.steady, world.snapshot.stack, 'db', { ...said, seen: said.at });
    expect((await backupOf(world, 'db')).message).toContain('not back');
    await acceptData(rig.steady, world.snapshot.stack, 'db', { ...said, seen: notBack?.at ?? '' });
    await world.backup();
  });

  it('names the first way back, whatever fails after it; a copy of the disorder is never a good one', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    world.script.fail('load db', 'stream.corrupt');
    await failureOfRun(await world.restore({ mode: 'in-place' }));
    const id = /steady restore (\S+) --in-place --unverified/.exec(await told(world))?.[1] ?? '';
    world.data('db').live = 'half';
    const again = { text: id, stores: ['db'], unverified: true };
    const failure = await failureOfRun(await world.restore({ mode: 'in-place', selection: again }));
    expect(failure.message).toContain(`steady restore ${id} --in-place`);
    await untilTold(world, `steady restore ${id} --in-place`);
    const taken = (await world.keys('marks/db/')).filter((key) => key.endsWith('-suspect.json'));
    expect(taken.map((key) => key.includes(id))).toEqual([false]);
  });

  it('is so again when a good restore of it is undone', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    world.answers.set('health api', '502');
    world.script.fail('undo db', 'store.denied');
    await failureOfRun(await world.restore());
    world.answers.clear();
    world.data('db').live = 'half';
    world.script.on('undo db', () => undefined);
    const good = await world.restore();
    await resultOf(good);
    expect([...world.services.values()]).toEqual(['running']);
    await resultOf(await undo(world, good));
    expect(world.data('db').live).toBe('half');
    expect([...world.services.values()]).toEqual(['stopped']);
    await untilTold(world, '✗ db: its data are not back');
    expect((await backupOf(world, 'db')).message).toContain('not back');
  });

  it('is so again when a restore of it that could not be put back is undone', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    world.answers.set('health api', '502');
    world.script.fail('undo db', 'store.denied');
    const first = await world.restore();
    await failureOfRun(first);
    world.data('db').live = 'half';
    const second = await world.restore();
    expect((await failureOfRun(second)).message).toContain(`steady restore undo ${first.workflowId}`);
    world.answers.clear();
    world.script.on('undo db', () => undefined);
    await resultOf(await undo(world, second));
    expect(world.data('db').live).toBe('half');
    expect([...world.services.values()]).toEqual(['stopped']);
    await untilTold(world, `since ${first.workflowId} failed`);
  });

  it('is told also of an undo that somebody terminated, and what it needs is kept', async () => {
    const world = await changedSince({
      stores: { db: { live: 'good' } },
      services: { api: ['db'] },
      file: { limits: { hold: '12s' } },
    });
    const gate = world.script.gate('undo db');
    const handle = await world.restore();
    await resultOf(handle);
    const stopped = await undo(world, handle);
    await gate.reached;
    await stopped.terminate('by hand');
    await untilTold(world, `steady restore undo ${handle.workflowId}`);
    await vi.waitFor(async () => {
      const [kept] = (await temporalStatus(rig.steady, world.snapshot)).kept;
      expect(kept?.trouble).toContain('are not back: it is kept until they are');
    }, AFTER_A_DEAD_HOLDER);
    expect(world.data('db').kept.size).toBe(1);
    gate.open();
  });

  it('keeps what an undo that failed still needs, however long', async () => {
    const world = await changedSince({
      stores: { db: { live: 'good' } },
      services: { api: ['db'] },
      file: { limits: { hold: '12s' } },
    });
    world.script.fail('undo db', 'store.denied');
    const handle = await world.restore();
    await resultOf(handle);
    expect((await failureOfRun(await undo(world, handle))).code).toBe('store.half-undone');
    await vi.waitFor(async () => {
      const [kept] = (await temporalStatus(rig.steady, world.snapshot)).kept;
      expect(kept?.trouble).toContain('are not back: it is kept until they are');
    }, PATIENTLY);
    expect(world.data('db').kept.size).toBe(1);
    world.script.on('undo db', () => undefined);
    await resultOf(await undo(world, handle));
    expect(world.data('db').live).toBe('bad db');
  });

  it('is told also of a restore that somebody terminated', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    const gate = world.script.gate('load db');
    const handle = await world.restore({ mode: 'in-place' });
    await gate.reached;
    expect(await told(world)).not.toContain('not back');
    await handle.terminate('by hand');
    gate.open();
    expect((await backupOf(world, 'db')).message).toContain('look whether they are whole');
    await untilTold(world, '✗ db: its data are not back');
  });

  it('may be accepted as soon as the restore that left it so has ended, by itself or by hand', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    const gate = world.script.gate('load db');
    const handle = await world.restore({ mode: 'in-place' });
    await gate.reached;
    const accept = () =>
      acceptNotBack(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'mended' });
    await expect(accept()).rejects.toMatchObject({ code: 'target.busy' });
    await handle.terminate('by hand');
    gate.open();
    expect(await accept()).toMatchObject({ by: handle.workflowId });
    expect(await accept()).toBeUndefined();
  });

  it('is not told of any more by what is kept for it, once somebody has accepted it', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { api: ['db'] } });
    world.answers.set('health api', '502');
    world.script.fail('undo db', 'store.denied');
    const handle = await world.restore();
    await failureOfRun(handle);
    const kept = async () => (await temporalStatus(rig.steady, world.snapshot)).kept;
    await vi.waitFor(async () => expect((await kept())[0]?.trouble).toContain('refused'), PATIENTLY);
    await acceptNotBack(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'mended' });
    expect(await kept()).toMatchObject([{ restore: handle.workflowId, trouble: undefined }]);
  });

  it('keeps no service stopped that ran before a run that failed or was cancelled', async () => {
    const world = await changedSince({
      stores: { db: { live: 'good' }, uploads: { files: true, live: 'u' } },
      services: { api: ['db', 'uploads'] },
    });
    world.script.fail('load db', 'stream.corrupt');
    await failureOfRun(await world.restore({ ...only('db'), mode: 'in-place' }));
    // Somebody has mended it by hand, and has not said so.
    world.services.set('api', 'running');
    world.script.fail('dump uploads', 'tool.failed');
    await backupOf(world, 'uploads');
    expect([...world.services.values()]).toEqual(['running']);
    const gate = world.script.gate('cutover uploads');
    const handle = await world.restore(only('uploads'));
    await gate.reached;
    await handle.cancel();
    gate.open();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    expect([...world.services.values()]).toEqual(['running']);
  });

  it('is named by a restore of other data that begins while it becomes so, with what is not started', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['db', 'cache'] },
    });
    world.answers.set('health api', '502');
    world.script.fail('undo db', 'store.denied');
    const gate = world.script.gate('load db');
    const failing = await world.restore(only('db'));
    await gate.reached;
    const handle = await world.restore(only('cache'));
    await vi.waitFor(async () => expect((await world.steps(handle)).at(-1)).toMatch(/^Take/), PATIENTLY);
    gate.open();
    await failureOfRun(failing);
    world.answers.clear();
    const result = await resultOf<RestoreResult>(handle);
    expect(result.lines).toContain('api not started: the data of db are not back');
    expect(restoredLines(result, handle.workflowId).at(-1)).toBe(
      `api not started; bring db back with: steady restore undo ${failing.workflowId}`,
    );
    expect([...world.services.values()]).toEqual(['stopped']);
  });

  it('is not one whose live data were never touched: its services start', async () => {
    const world = await changedSince({ stores: { cache: { live: 'warm' } }, services: { api: ['cache'] } });
    keepsInPlace(world, 'cache');
    world.script.fail('load cache', 'stream.corrupt');
    world.script.fail('undo cache', 'store.denied');
    await failureOfRun(await world.restore({ mode: 'in-place' }));
    expect([...world.services.values()]).toEqual(['running']);
    expect(await told(world)).not.toContain('not back');
  });

  it('keeps its services stopped when an undo has brought back another store of the same restore', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['cache'], web: ['db'] },
    });
    keepsInPlace(world, 'cache');
    for (const service of ['api', 'web']) world.answers.set(`health ${service}`, '502');
    world.script.fail('undo cache', 'store.denied');
    world.script.on('load db', ({ time }) => {
      if (time > 1) throw new SteadyError('stream.corrupt', {}, { retryable: false });
    });
    const handle = await world.restore({ mode: 'in-place' });
    await failureOfRun(handle);
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);

    world.answers.clear();
    world.script.on('undo cache', () => undefined);
    const findings = await resultOf<string[]>(await undo(world, handle));
    expect(findings.at(-1)).toMatch(/^web not started; bring db back with: steady restore \S+ --in-place/);
    expect([...world.services]).toEqual([
      ['api', 'running'],
      ['web', 'stopped'],
    ]);
  });
});

describe.concurrent('a restore in place of several stores', () => {
  it('backs up all of them before it replaces the first: whoever is asked can still say no', async () => {
    const people = [approver('ana', 'operator'), approver('ben', 'owner')];
    const world = await changedSince({
      stores: { a: { live: 'good a' }, b: { live: 'good b' } },
      services: { api: ['a', 'b'] },
      file: { approvers: people, approvals: { restore: { from: 'owner' } } },
    });
    world.script.fail('dump b', 'tool.failed', { says: 'invalid page' });
    const handle = await world.restore({ mode: 'in-place', asked: person('ana') });
    const asked = async (title: RegExp) =>
      await vi.waitFor(async () => {
        const state = await askedBy(handle);
        expect(state?.proposal.title).toMatch(title);
        return state as NonNullable<typeof state>;
      }, PATIENTLY);
    const shown = await asked(/^Restore/);
    await decide(handle, { identity: person('ben'), shown, decision: 'approve', reason: 'ok' });
    const again = await asked(/without a copy/);
    expect(again.proposal.lines.at(-1)).toContain('nothing has been replaced yet');
    expect([world.data('a').live, world.data('b').live]).toEqual(['bad a', 'bad b']);
    await decide(handle, { identity: person('ben'), shown: again, decision: 'deny', reason: 'no' });
    expect((await failureOfRun(handle)).code).toBe('approval.denied');
    expect([world.data('a').live, world.data('b').live]).toEqual(['bad a', 'bad b']);
    expect([...world.services.values()]).toEqual(['running']);
  });
});

describe.concurrent('a cancelled restore', () => {
  it('is a failed one where a service could not be started again, and says which', async () => {
    const world = await changedSince({ stores: { db: { live: 'good' } }, services: { web: ['db'] } });
    const gate = world.script.gate('cutover db');
    const handle = await world.restore();
    await gate.reached;
    world.script.fail('start web', 'service.failed');
    await handle.cancel();
    gate.open();
    const failure = await failureOfRun(handle);
    expect([failure.code, failure.message]).toEqual([
      'run.left',
      'not all could be put back; could not be undone: start web again',
    ]);
  });
});
