import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { freeze, targetState } from '../../src/client/entities.js';
import { temporalStatus } from '../../src/client/status.js';
import { resultOf } from '../../src/client/outcome.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { runId } from '../../src/contracts/ids.js';
import type { HoldInput, RestoreResult, UndoInput } from '../../src/contracts/runs/procedures.js';
import { startRig, type Rig } from './harness.js';
import { never, untilStopped } from './script.js';
import { failureOfRun, type World, type WorldOptions } from './world.js';
import { PATIENTLY } from './patience.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** A stack with a verified backup of each store, whose live data have changed since. */
async function changedSince(options: WorldOptions = {}): Promise<World> {
  const world = rig.world({
    stores: { db: { live: 'good' } },
    services: { api: ['db'], web: ['api'] },
    ...options,
  });
  await world.backup();
  for (const store of Object.keys(world.snapshot.stack.stores)) world.data(store).live = `bad ${store}`;
  world.script.journal.length = 0;
  return world;
}

/** What was done to stores and services, without what only looks. */
const deeds = (world: World): string[] =>
  world.script.journal.filter((one) => !/^(facts|readable|preview|compare|kept|health|ask)/.test(one));

const RESTORED = ['load db', 'stop web', 'stop api', 'cutover db', 'start api', 'start web'];

async function expectAsBefore(world: World, live = 'bad db'): Promise<void> {
  expect(world.data('db').live).toBe(live);
  expect([...world.data('db').fresh.keys()]).toEqual([]);
  expect([...world.services]).toEqual([
    ['api', 'running'],
    ['web', 'running'],
  ]);
  await world.expectAllLetGo();
}

const holdOf = (world: World, restore: WorkflowHandle): WorkflowHandle =>
  rig.steady.client.workflow.getHandle(runId('hold', world.stack, restore.workflowId.slice(-8)));

async function undo(world: World, restore: WorkflowHandle): Promise<WorkflowHandle> {
  const hold = await holdOf(world, restore).query<HoldInput>('hold');
  return await world.start<UndoInput & { hold: HoldInput }>('restore-undo', {
    restore: restore.workflowId,
    hold,
  });
}

describe.concurrent('a restore', () => {
  it('loads beside the live data, compares, stops consumers, switches, starts them and asks the checks', async () => {
    const world = await changedSince({ file: { checks: { search: { http: { url: 'http://search/' } } } } });
    const handle = await world.restore();
    const result = await resultOf<RestoreResult>(handle);
    expect(world.data('db').live).toBe('good');
    expect(deeds(world)).toEqual(RESTORED);
    expect(await world.steps(handle)).toEqual([
      'Find the backup',
      'Claim the backups, so that prune leaves them',
      'Look before anything is touched',
      'Take db, web, api',
      'Look again',
      'db: Load db beside',
      'db: Compare db',
      ...['Stop web', 'Stop api', 'db: Switch db over'],
      ...['Start api', 'Wait until api is healthy', 'Start web', 'Wait until web is healthy'],
      'Ask the checks of the stack',
      'Keep the replaced data of db for 7d',
    ]);
    expect(result.stores[0]).toMatchObject({ store: 'db', gapSeconds: 0.01, findings: ['4 bytes equal'] });
    expect(result.rtoSeconds).toBeGreaterThan(0);
    expect(await world.record(handle)).toMatchObject({ procedure: 'restore', outcome: 'done' });
    await world.expectAllLetGo();
  });

  it('stops consumers before it loads, when it is asked to', async () => {
    const world = await changedSince();
    await resultOf(await world.restore({ consumersFirst: true }));
    expect(deeds(world)).toEqual(['stop web', 'stop api', 'load db', 'cutover db', 'start api', 'start web']);
  });

  it('changes nothing in a dry run, and says every step and what would be lost', async () => {
    const world = await changedSince();
    await vi.waitFor(async () => expect(await world.keys('records/')).toHaveLength(1), PATIENTLY);
    const before = await world.keys('');
    const result = await resultOf<RestoreResult>(await world.restore({ dryRun: true }));
    expect(deeds(world)).toEqual([]);
    expect(result.lines).toEqual([
      expect.stringMatching(/^db: from \S+, data of \S+, 4 B \([\d.]+ \w+ stored\), Text 1.0$/),
      expect.stringMatching(/^db: everything written since \S+ is replaced and kept as db_old_/),
      ...['db: Load db beside', 'db: Compare db', 'stop web, api', 'db: Switch db over', 'start api, web'],
      'db: how long it takes is not known yet: nothing was proven by a restore',
      'db: the live data: bytes 6 (backup: 4)',
    ]);
    expect(await world.keys('')).toEqual(before);
    await expectAsBefore(world);
  });

  it('loads into a new place without an approval or a stop, and leaves a record', async () => {
    const world = await changedSince({
      file: { approvals: { restore: { from: 'owner' } } },
    });
    const handle = await world.restore({ mode: 'into', into: 'copy' });
    const result = await resultOf<RestoreResult>(handle);
    expect(deeds(world)).toEqual(['load db', 'cutover db']);
    expect(world.data('db').fresh.get('into copy')).toBe('good');
    expect(world.data('db').live).toBe('bad db');
    expect(result.stores[0]?.findings).toEqual(['4 bytes equal']);
    expect(await world.record(handle)).toMatchObject({ procedure: 'restore', outcome: 'done' });
  });

  it('removes what it loaded into a new place when that does not compare', async () => {
    const world = await changedSince();
    world.script.fail('compare db', 'store.mismatch');
    expect((await failureOfRun(await world.restore({ mode: 'into', into: 'copy' }))).code).toBe(
      'store.mismatch',
    );
    expect([...world.data('db').fresh]).toEqual([]);
  });

  it('loads no more than one store into a new place', async () => {
    const world = await changedSince({ stores: { db: {}, cache: {} } });
    const failure = await failureOfRun(await world.restore({ mode: 'into', into: 'copy' }));
    expect(failure.message).toBe('wrong usage [into=copy stores=db,cache allowed="one store"]');
    expect(deeds(world)).toEqual([]);
  });

  it('takes the whole set, loads all before it stops anything', async () => {
    const world = await changedSince({
      stores: { db: { live: 'good' }, cache: { live: 'warm' } },
      services: { api: ['db', 'cache'] },
    });
    await resultOf(await world.restore());
    expect(deeds(world)).toEqual([
      ...['load db', 'load cache', 'stop api', 'cutover db', 'cutover cache', 'start api'],
    ]);
    expect([world.data('db').live, world.data('cache').live]).toEqual(['good', 'warm']);
  });
});

describe.concurrent('a restore in place', () => {
  it('stops consumers, takes a backup first, and keeps it from prune as long as replaced data are kept', async () => {
    const world = await changedSince();
    const result = await resultOf<RestoreResult>(await world.restore({ mode: 'in-place' }));
    expect(deeds(world)).toEqual([
      ...['stop web', 'stop api', 'dump db', 'dumped db', 'load db', 'cutover db', 'start api', 'start web'],
      'release db',
    ]);
    expect(world.data('db').live).toBe('good');
    expect(result.stores[0]?.keptAs).toMatch(/^backup \d{8}T/);
    expect(await world.keys('marks/')).toEqual([expect.stringMatching(/-keep\.json$/)]);
  });

  it('cannot be undone, and names the backup that can be restored, before it stops anything', async () => {
    const world = await changedSince();
    const handle = await world.restore({ mode: 'in-place' });
    const result = await resultOf<RestoreResult>(handle);
    // Nothing is kept, so nothing is held.
    await expect(holdOf(world, handle).describe()).rejects.toThrow(/not found/);
    expect(result.stores[0]?.keptAs).toMatch(/^backup /);
  });

  it('loses live data that cannot be backed up first only where somebody says so', async () => {
    const world = await changedSince();
    world.script.fail('dump db', 'tool.failed', { says: 'invalid page in block 7' });
    const refused = await failureOfRun(await world.restore({ mode: 'in-place' }));
    expect(refused.code).toBe('store.unsaved');
    expect(refused.message).toContain('invalid page in block 7');
    await expectAsBefore(world);
    await resultOf(await world.restore({ mode: 'in-place', unsaved: true }));
    expect(world.data('db').live).toBe('good');
  });

  it('leaves services stopped when the load fails and no copy was taken', async () => {
    const world = await changedSince();
    world.script.fail('dump db', 'tool.failed');
    world.script.fail('load db', 'stream.corrupt');
    const failure = await failureOfRun(await world.restore({ mode: 'in-place', unsaved: true }));
    expect(failure.code).toBe('stream.corrupt');
    expect(failure.message).toMatch(
      /could not be undone: db: Put db back, start api again, start web again; what was live is lost; bring db back with: steady restore latest --store db --in-place$/,
    );
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);
    await world.expectAllLetGo();
  });

  it('puts the live data back from that backup when the load fails half-way', async () => {
    const world = await changedSince();
    world.script.on('load db', ({ time }) => {
      if (time === 1) throw new SteadyError('tool.failed', {}, { retryable: false });
    });
    const handle = await world.restore({ mode: 'in-place' });
    expect((await failureOfRun(handle)).code).toBe('tool.failed');
    await expectAsBefore(world);
    expect(deeds(world).slice(-6)).toEqual([
      ...['undo db', 'load db', 'cutover db', 'release db'],
      ...['start api', 'start web'],
    ]);
  });
});

describe.concurrent('a restore that fails', () => {
  const lateUndo = ['stop web', 'stop api', 'undo db', 'start api', 'start web'];

  it.each([
    ['load db', ['undo db']],
    ['compare db', ['load db', 'undo db']],
    ['stop api', ['load db', 'stop web', 'undo db', 'start api', 'start web']],
    ['cutover db', ['load db', 'stop web', 'stop api', 'undo db', 'start api', 'start web', 'release db']],
    ['health web', [...RESTORED, ...lateUndo]],
    ['ask search', [...RESTORED, ...lateUndo]],
  ])('puts everything back when it fails at %s', async (phase, expected) => {
    const world = await changedSince({ file: { checks: { search: { http: { url: 'http://search/' } } } } });
    if (/^(health|ask)/.test(phase)) {
      world.answers.set(phase, '502');
      world.script.on('undo db', () => void world.answers.clear());
    } else world.script.fail(phase, 'tool.failed');
    const handle = await world.restore();
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe(
      phase.startsWith('health')
        ? 'service.failed'
        : phase.startsWith('ask')
          ? 'check.failed'
          : 'tool.failed',
    );
    expect(deeds(world)).toEqual(expected);
    await expectAsBefore(world);
    const record = await world.record(handle);
    expect(record).toMatchObject({ outcome: 'failed', failure: { code: failure.code } });
    // Nothing is told to be kept where nothing was replaced.
    const { kept } = await temporalStatus(rig.steady, world.snapshot);
    expect(kept).toHaveLength(/^(health|ask)/.test(phase) ? 1 : 0);
  });

  it('puts back what a start that failed half-way has begun', async () => {
    const world = await changedSince();
    let failing = true;
    world.script.on('start api', () => {
      if (failing) throw new SteadyError('service.failed', {}, { retryable: false });
    });
    world.script.on('undo db', () => void (failing = false));
    expect((await failureOfRun(await world.restore())).code).toBe('service.failed');
    await expectAsBefore(world);
  });

  it('leaves services stopped where data could not be put back, and says so; the other stores are put back', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['db', 'cache'] },
    });
    world.script.fail('cutover db', 'store.blocked');
    world.script.fail('undo cache', 'store.denied');
    const handle = await world.restore();
    const failure = await failureOfRun(handle);
    // The failure is the one that began it.
    expect(failure.code).toBe('store.blocked');
    expect(failure.message).toMatch(
      /; could not be undone: cache: Put cache back, start api again; bring cache back with: /,
    );
    // The other was never replaced, so nothing of it is kept.
    expect((await world.steps(handle)).slice(-6)).toEqual([
      '✗ db: Switch db over',
      ...['Undo: db: Put db back', '✗ Undo: cache: Put cache back', '✗ Undo: start api again'],
      ...['Keep what was set aside of cache', 'db: end the restore'],
    ]);
    expect([...world.services.values()]).toEqual(['stopped']);
    const { kept } = await temporalStatus(rig.steady, world.snapshot);
    expect(kept).toMatchObject([{ stores: ['cache'], undone: false }]);
    const record = JSON.stringify((await world.record(handle)).steps);
    expect(record).toContain('the store refused the credentials');
    expect(record).toContain('not all could be put back [because=');
    await world.expectAllLetGo();
  });

  it('starts services on live data that were never replaced, also where what was loaded could not be removed', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['db', 'cache'] },
    });
    world.script.fail('cutover cache', 'store.blocked');
    world.script.fail('undo db', 'store.denied');
    const failure = await failureOfRun(await world.restore());
    expect(failure.message).toMatch(/; could not be undone: db: Put db back$/);
    expect([...world.services.values()]).toEqual(['running']);
    expect([world.data('cache').live, world.data('db').live]).toEqual(['bad cache', 'bad db']);

    world.script.on('cutover cache', () => undefined);
    world.script.fail('load db', 'tool.failed');
    await failureOfRun(await world.restore({ consumersFirst: true }));
    expect([...world.services.values()]).toEqual(['running']);
  });

  it('starts no service that stood still before it, when it fails', async () => {
    const world = await changedSince();
    world.services.set('web', 'stopped');
    const gate = world.script.gate('cutover db');
    const handle = await world.restore();
    await gate.reached;
    await handle.cancel();
    gate.open();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    expect([...world.services]).toEqual([
      ['api', 'running'],
      ['web', 'stopped'],
    ]);
  });

  it('that could not be put back leaves services stopped also when its undo fails or is cancelled', async () => {
    const world = await changedSince();
    world.answers.set('health web', '502');
    world.script.fail('undo db', 'store.denied');
    const handle = await world.restore();
    await failureOfRun(handle);
    world.answers.clear();
    expect((await failureOfRun(await undo(world, handle))).code).toBe('store.half-undone');
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);
    const gate = world.script.gate('stop api');
    const cancelled = await undo(world, handle);
    await gate.reached;
    await cancelled.cancel();
    gate.open();
    expect((await failureOfRun(cancelled)).code).toBe('cancelled');
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);
  });

  it('starts, by the undo, also a service that uses only what was put back', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['cache'], web: ['db'] },
    });
    world.script.fail('cutover db', 'store.blocked');
    world.script.fail('undo cache', 'store.denied');
    const handle = await world.restore();
    await failureOfRun(handle);
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);
    world.script.on('undo cache', () => undefined);
    await resultOf(await undo(world, handle));
    expect([...world.services.values()]).toEqual(['running', 'running']);
    expect([world.data('cache').live, world.data('db').live]).toEqual(['bad cache', 'bad db']);
  });

  it('is not merely cancelled where its data could not be put back', async () => {
    const world = await changedSince();
    world.script.fail('undo db', 'store.denied');
    const gate = world.script.gate('start api');
    const handle = await world.restore();
    await gate.reached;
    await handle.cancel();
    gate.open();
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('run.left');
    expect(failure.message).toContain(`bring db back with: steady restore undo ${handle.workflowId}`);
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);
    expect(await world.record(handle)).toMatchObject({ outcome: 'failed' });
  });

  it('keeps what it replaced until an undo, where that could not be put back', async () => {
    const world = await changedSince({ file: { limits: { hold: '1s' } } });
    world.answers.set('health web', '502');
    world.script.fail('undo db', 'store.denied');
    const handle = await world.restore();
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('service.failed');
    expect(failure.message).toContain(`; bring db back with: steady restore undo ${handle.workflowId}`);
    const [kept] = (await temporalStatus(rig.steady, world.snapshot)).kept;
    expect(kept).toMatchObject({ stores: ['db'], undone: false });
    expect(kept?.trouble).toContain('the store refused the credentials');
    world.script.on('undo db', () => void world.answers.clear());
    await resultOf(await undo(world, handle));
    await expectAsBefore(world);
    expect(await resultOf(holdOf(world, handle))).toEqual(['what was kept of db is dropped']);
  });

  it('keeps what it had restored for its time, then drops it', async () => {
    const world = await changedSince({ file: { limits: { hold: '2s' } } });
    world.answers.set('health web', '502');
    world.script.on('undo db', () => void world.answers.clear());
    const handle = await world.restore();
    expect((await failureOfRun(handle)).code).toBe('service.failed');
    expect([...world.data('db').undone.values()]).toEqual(['good']);
    // It is undone already.
    expect((await failureOfRun(await undo(world, handle))).code).toBe('store.gone');
    expect(await resultOf(holdOf(world, handle))).toEqual(['what was kept of db is dropped']);
    expect([...world.data('db').undone]).toEqual([]);
    expect(world.data('db').live).toBe('bad db');
  });

  it('puts everything back when it takes too long, however late', async () => {
    const world = await changedSince({ file: { limits: { run: '8s' } } });
    // A slow machine is at its limit before: then it is the undo that asks first, and is answered.
    world.script.on('health web', ({ time, signal }) =>
      time === 1 && world.data('db').live === 'good' ? untilStopped(never, signal) : undefined,
    );
    const handle = await world.restore();
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('run.limit');
    await expectAsBefore(world);
    expect(await world.record(handle)).toMatchObject({ outcome: 'failed', failure: { code: 'run.limit' } });
  });

  it('changes nothing while the target is frozen, and says who froze it', async () => {
    const world = await changedSince();
    const at = '2026-11-22T02:00:00.000Z';
    await freeze(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'an audit', at });
    const failure = await failureOfRun(await world.restore());
    expect(failure.code).toBe('target.frozen');
    expect(failure.message).toContain(`frozen by ana at ${at}: an audit`);
    expect(failure.hint).toContain('steady thaw');
    expect(deeds(world)).toEqual([]);
    // Backups and proofs go on.
    await world.backup();
  });

  it('refuses without a verified backup, and says what to do', async () => {
    const world = rig.world();
    world.script.fail('readable db', 'stream.corrupt');
    await failureOfRun(await world.start('backup', { stores: ['db'] }));
    const failure = await failureOfRun(await world.restore());
    expect(failure.code).toBe('backup.none-verified');
    expect(failure.hint).toContain('--unverified');
    const selection = { text: 'latest', stores: ['db'], unverified: true };
    const result = await resultOf<RestoreResult>(await world.restore({ selection, dryRun: true }));
    expect(result.lines.join('\n')).toMatch(/the last proof of \S+ failed/);
  });

  it('restores when the live data cannot be read any more, and says so', async () => {
    const world = await changedSince();
    world.data('db').live = undefined;
    const result = await resultOf<RestoreResult>(await world.restore());
    expect(result.lines).toContain('db: the live data cannot be read');
    expect(world.data('db').live).toBe('good');
  });
});

describe.concurrent('a restore that is cancelled', () => {
  it.each(['preview db', 'load db', 'compare db', 'stop api', 'cutover db', 'start api', 'health web'])(
    'puts everything back when it is cancelled at %s',
    async (phase) => {
      const world = await changedSince();
      const gate = world.script.gate(phase);
      const handle = await world.restore();
      await gate.reached;
      await handle.cancel();
      gate.open();
      expect((await failureOfRun(handle)).code).toBe('cancelled');
      await expectAsBefore(world);
      expect(await world.record(handle)).toMatchObject({ outcome: 'cancelled' });
    },
  );

  it('puts everything back when the last activity ends well although it was told to stop', async () => {
    const world = await changedSince();
    world.script.on('health web', async () => void (await handle.cancel()));
    const handle = await world.restore();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    await expectAsBefore(world);
  });

  it('lets go of its place in the queue while it waits for the lock', async () => {
    const world = await changedSince();
    const gate = world.script.gate('dump db');
    const backup = await world.start('backup', { stores: ['db'] });
    await gate.reached;
    const handle = await world.restore();
    await vi.waitFor(
      async () => expect((await world.timeline(handle)).waiting).toMatch(/db: held by backup-store/),
      PATIENTLY,
    );
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    gate.open();
    await resultOf(backup);
    await expectAsBefore(world);
  });
});

describe.concurrent('a restore where nothing was', () => {
  /** What somebody makes meanwhile, a service or a person. */
  const TONIGHT = 'orders of tonight';

  /** A store that tells whether it is there, and refuses in place what was made since. */
  async function nothingThere(): Promise<World> {
    const world = await changedSince();
    const portOf = world.storePort;
    world.storePort = (name) => {
      const port = portOf(name);
      return {
        ...port,
        async preview(call, manifest, place) {
          const told = await port.preview(call, manifest, place);
          return world.data(name).live === undefined ? { ...told, absent: true, keptAs: undefined } : told;
        },
        async load(call, reader, place) {
          if (place.absent === true && world.data(name).live !== undefined)
            throw new SteadyError('store.blocked', {}, { retryable: false });
          await port.load(call, reader, place);
        },
      };
    };
    world.data('db').live = undefined;
    return world;
  }

  it('keeps what was made while it loaded, and an undo brings it back', async () => {
    const world = await nothingThere();
    world.script.on('load db', () => void (world.data('db').live = TONIGHT));
    const handle = await world.restore();
    const { stores } = await resultOf<RestoreResult>(handle);
    expect([...world.data('db').kept.values()]).toEqual([TONIGHT]);
    expect(stores[0]?.keptAs).toMatch(/^db_old_/);
    await resultOf(await undo(world, handle));
    expect(world.data('db').live).toBe(TONIGHT);
  });

  it('in place, leaves alone what was made before it loads, of which there is no copy', async () => {
    const world = await nothingThere();
    world.script.on('stop api', () => void (world.data('db').live = TONIGHT));
    expect((await failureOfRun(await world.restore({ mode: 'in-place' }))).code).toBe('store.blocked');
    await expectAsBefore(world, TONIGHT);
  });
});

describe.concurrent('the hold of a restore', () => {
  const short = { limits: { hold: '1s' } };

  it('drops the replaced data when its time is over', async () => {
    const world = await changedSince({ file: short });
    const handle = await world.restore();
    await resultOf(handle);
    expect([...world.data('db').kept.values()]).toEqual(['bad db']);
    expect(await resultOf(holdOf(world, handle))).toEqual(['what was kept of db is dropped']);
    expect([...world.data('db').kept]).toEqual([]);
    expect(await world.record(holdOf(world, handle))).toMatchObject({ procedure: 'hold', outcome: 'done' });
  });

  it('lets an undo switch back, and then drops what the undo set aside', async () => {
    const world = await changedSince({ file: { limits: { hold: '6s' } } });
    const handle = await world.restore();
    await resultOf(handle);
    world.data('db').live = 'written since';
    world.script.journal.length = 0;
    const undone = await undo(world, handle);
    expect(await resultOf(undone)).toEqual(['db is as before']);
    const { kept } = await temporalStatus(rig.steady, world.snapshot);
    expect(kept).toMatchObject([{ restore: handle.workflowId, stores: ['db'], undone: true }]);
    expect(deeds(world)).toEqual(['stop web', 'stop api', 'undo db', 'start api', 'start web']);
    expect(world.data('db').live).toBe('bad db');
    expect([...world.data('db').undone.values()]).toEqual(['written since']);
    expect(await world.record(undone)).toMatchObject({ procedure: 'restore-undo', outcome: 'done' });
    // A second undo would stop services for nothing.
    expect((await failureOfRun(await undo(world, handle))).code).toBe('store.gone');
    expect(await resultOf(holdOf(world, handle))).toEqual(['what was kept of db is dropped']);
    expect([...world.data('db').undone]).toEqual([]);
    expect(world.data('db').live).toBe('bad db');
  });

  it('undone in part leaves services stopped, and goes on when the undo is run again', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['db', 'cache'] },
    });
    const handle = await world.restore();
    await resultOf(handle);
    let failing = true;
    world.script.on('undo cache', () => {
      if (failing) throw new SteadyError('store.blocked', {}, { retryable: false });
    });
    const failure = await failureOfRun(await undo(world, handle));
    expect(failure.code).toBe('store.half-undone');
    expect(failure.message).toContain('cache=');
    expect([...world.services.values()]).toEqual(['stopped']);
    failing = false;
    await resultOf(await undo(world, handle));
    expect([world.data('cache').live, world.data('db').live]).toEqual(['bad cache', 'bad db']);
    expect([...world.services.values()]).toEqual(['running']);
    await world.expectAllLetGo();
  });

  it('is undone to its end when a cancel comes between two stores', async () => {
    const world = await changedSince({
      stores: { cache: { live: 'warm' }, db: { live: 'good' } },
      services: { api: ['db', 'cache'] },
    });
    const handle = await world.restore();
    await resultOf(handle);
    const gate = world.script.gate('undo cache');
    const undone = await undo(world, handle);
    await gate.reached;
    await undone.cancel();
    gate.open();
    expect(await resultOf(undone)).toHaveLength(2);
    expect([world.data('cache').live, world.data('db').live]).toEqual(['bad cache', 'bad db']);
    expect([...world.services.values()]).toEqual(['running']);
    const { kept } = await temporalStatus(rig.steady, world.snapshot);
    expect(kept).toMatchObject([{ restore: handle.workflowId, undone: true }]);
    await world.expectAllLetGo();
  });

  it('is not undone twice: a second undo leaves what another restore has left since', async () => {
    const world = await changedSince();
    const handle = await world.restore();
    await resultOf(handle);
    const hold = await holdOf(world, handle).query<HoldInput>('hold');
    const asked = { restore: handle.workflowId, hold };
    const gate = world.script.gate('undo db');
    const first = await world.start<UndoInput & { hold: HoldInput }>('restore-undo', asked);
    await gate.reached;
    const untilWaiting = (many: number): Promise<void> =>
      vi.waitFor(async () => {
        const state = await targetState(rig.steady, world.snapshot.stack, 'api');
        expect(state?.waiting).toHaveLength(many);
      }, PATIENTLY);
    const other = await world.restore({ mode: 'in-place' });
    await untilWaiting(1);
    const second = await world.start<UndoInput & { hold: HoldInput }>('restore-undo', asked);
    await untilWaiting(2);
    world.script.fail('load db', 'stream.corrupt');
    gate.open();
    await resultOf(first);
    await failureOfRun(other);
    expect((await failureOfRun(second)).message).toContain('it was undone already');
    const { notBack } = (await targetState(rig.steady, world.snapshot.stack, 'db')) ?? {};
    expect(notBack?.by).toBe(other.workflowId);
    expect([...world.services.values()]).toEqual(['stopped', 'stopped']);
  });

  it('drops nothing while the target is frozen', async () => {
    const world = await changedSince({ file: { limits: { hold: '4s' } } });
    const handle = await world.restore();
    const at = '2026-11-22T02:00:00.000Z';
    await resultOf(handle);
    await freeze(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'an audit', at });
    const hold = holdOf(world, handle);
    await vi.waitFor(async () => {
      const { steps } = await world.timeline(hold);
      expect(steps.at(-1)?.failure?.code).toBe('target.frozen');
    }, PATIENTLY);
    expect([...world.data('db').kept.values()]).toEqual(['bad db']);
    // It asks again later.
    expect((await hold.describe()).status.name).toBe('RUNNING');
  });

  it('refuses an undo that comes too late, before it stops anything', async () => {
    const world = await changedSince({ file: short });
    const handle = await world.restore();
    await resultOf(handle);
    const hold = await holdOf(world, handle).query<HoldInput>('hold');
    await resultOf(holdOf(world, handle));
    world.script.journal.length = 0;
    const late = await world.start<UndoInput & { hold: HoldInput }>('restore-undo', {
      restore: handle.workflowId,
      hold,
    });
    expect((await failureOfRun(late)).code).toBe('store.gone');
    expect(deeds(world)).toEqual([]);
  });
});
