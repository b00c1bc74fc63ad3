import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freeze, targetState } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import { SteadyError } from '../../src/contracts/failures.js';
import type {
  BackupInput,
  BackupResult,
  LookInput,
  MarkAfterInput,
  MarkInput,
  MarkResult,
  RestoreResult,
  Selection,
  VerifyInput,
  VerifyResult,
} from '../../src/contracts/runs/procedures.js';
import type { BackupLine } from '../../src/contracts/runs/lines.js';
import { keys } from '../../src/contracts/keys.js';
import { setSchema } from '../../src/contracts/stored/others.js';
import { startRig, type Rig } from './harness.js';
import { loseHeartbeats, never, untilStopped } from './script.js';
import { PATIENTLY } from './patience.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

async function theSet(world: World) {
  const [key, ...more] = await world.keys('sets/');
  expect(more).toEqual([]);
  return setSchema.parse(JSON.parse(String(await world.storage.read(key ?? ''))));
}

const list = async (world: World, store = 'db'): Promise<BackupLine[]> =>
  resultOf(await world.start<LookInput>('look', { what: 'backups', stores: [store] }));

/** What `restore latest --dry-run` would take, or why it takes none. */
async function latest(world: World): Promise<string> {
  const handle = await world.restore({ dryRun: true });
  const result = await resultOf<{ lines: string[] }>(handle).catch((error: Error) => ({
    lines: [error.message],
  }));
  return result.lines[0] ?? '';
}

describe.concurrent('a backup', () => {
  it('stores, proves and records every store of a set', async () => {
    const world = rig.world({ stores: { db: {}, cache: {} } });
    const handle = await world.start<BackupInput>('backup', { stores: ['db', 'cache'], verify: 'readable' });
    const result = await resultOf<BackupResult>(handle);
    expect(result.stores.map((one) => [one.store, one.proof])).toEqual([
      ['db', { depth: 'readable', passed: true }],
      ['cache', { depth: 'readable', passed: true }],
    ]);
    const set = await theSet(world);
    expect(set.id).toBe(result.setId);
    expect(set.backups).toEqual(Object.fromEntries(result.stores.map((one) => [one.store, one.backupId])));
    const record = await world.record(handle);
    expect(record).toMatchObject({ procedure: 'backup', outcome: 'done', by: 'tester' });
    await world.expectAllLetGo();
  });

  it('takes no more stores at a time than the file allows', async () => {
    const stores = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, {}]));
    const world = rig.world({ stores, file: { limits: { parallel: 2 } } });
    // By name: an attempt that is lost on a busy machine is followed by another one of the same store.
    const going = new Set<string>();
    let most = 0;
    for (const name of Object.keys(stores)) {
      world.script.on(`dump ${name}`, async () => {
        most = Math.max(most, going.add(name).size);
        await vi.waitFor(() => expect(most).toBeGreaterThan(1), PATIENTLY);
      });
      world.script.on(`dumped ${name}`, () => void going.delete(name));
    }
    expect(Object.keys(await world.backup()).sort()).toEqual(Object.keys(stores));
    expect(most).toBe(2);
  });

  it('witnesses the chain of records as it was in each set', async () => {
    const world = rig.world();
    await world.backup();
    const first = await vi.waitFor(async () => {
      const [key] = await world.keys('records/');
      if (key === undefined) throw new Error('not written yet');
      return (await world.storage.read(key)) as Buffer;
    }, PATIENTLY);
    await world.backup();
    const sets = await Promise.all((await world.keys('sets/')).map((key) => world.storage.read(key)));
    const heads = sets.map((set) => setSchema.parse(JSON.parse(String(set))).ledgerHead);
    expect(heads).toContainEqual({ number: 1, sha256: createHash('sha256').update(first).digest('hex') });
    expect(heads).toContainEqual(undefined);
  });

  it('keeps the other stores when one fails, names the failure in the set, and fails', async () => {
    const world = rig.world({ stores: { db: {}, cache: {} } });
    world.script.fail('dump cache', 'store.denied');
    const handle = await world.start<BackupInput>('backup', { stores: ['db', 'cache'] });
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('backup.failed');
    expect(failure.message).toContain('the store refused the credentials');
    const set = await theSet(world);
    expect(Object.keys(set.backups)).toEqual(['db']);
    expect(set.failed['cache']).toContain('the store refused the credentials');
    expect((await list(world, 'db')).map((one) => one.proven)).toEqual(['readable']);
    expect(await list(world, 'cache')).toEqual([]);
    expect(await world.record(handle)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'backup.failed' },
    });
    await world.expectAllLetGo();
  });

  it('seals the attempt in the history only: a given-up one that lives on publishes nothing', async () => {
    const world = rig.world();
    let first: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (first = resolve));
    let late: Promise<void> = never;
    world.script.on('dumped db', ({ time }) => {
      // The first attempt hears of nothing any more and finishes its writing when the second is long done.
      if (time === 1) return (late = released);
      return undefined;
    });
    world.script.on('dump db', ({ time }) => {
      if (time === 1) loseHeartbeats();
    });
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    const result = await resultOf<BackupResult>(handle);
    first();
    await late;
    // The late attempt writes its draft, and that is all it can do.
    await vi.waitFor(async () => {
      const drafts = (await world.keys('data/db/')).filter((key) => key.endsWith('draft.json'));
      expect(drafts).toHaveLength(2);
    }, PATIENTLY);
    expect(await world.keys('manifests/')).toEqual([`manifests/db/${result.stores[0]?.backupId}.json`]);
    expect((await list(world)).map((one) => one.id)).toEqual([result.stores[0]?.backupId]);
  });

  it('flags a sharply smaller one, leaves it out of latest, and counts it once it is accepted', async () => {
    const world = rig.world({ stores: { db: { live: 'x'.repeat(3_000_000) } } });
    const { db: whole } = await world.backup();
    world.data('db').live = 'y'.repeat(1_000_000);
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    const result = await resultOf<BackupResult>(handle);
    const small = result.stores[0]?.backupId ?? '';
    expect(result.stores[0]?.shrunk).toBe(true);
    expect((await list(world)).map((one) => [one.id, one.shrunk, one.accepted, one.suspect])).toEqual([
      [whole, false, false, false],
      [small, true, false, true],
    ]);
    expect(await latest(world)).toContain(`from ${whole}`);
    const { steps } = await world.timeline(handle);
    expect(steps.flatMap((step) => step.notes).join('\n')).toContain(`steady backup accept ${small}`);

    await resultOf(
      await world.start<MarkInput>('mark', {
        store: 'db',
        id: small,
        kind: 'accepted',
        reason: 'as it should be',
      }),
    );
    expect(await latest(world)).toContain(`from ${small}`);
    expect((await list(world)).at(-1)).toMatchObject({ accepted: true, suspect: false });
  });

  it('made after a breach counts for nothing once marked so: restore and proof take the one before, none is deleted', async () => {
    const world = rig.world({ stores: { db: {}, cache: {} } });
    const before = await world.backup();
    const after = [await world.backup(), await world.backup()].map((one) => one['db'] ?? '');
    const data = new Map((await list(world)).map((one) => [one.id, one.takenAt]));
    const breach = { stores: ['db'], after: data.get(after[0] ?? '') ?? '' };
    const mark = (kind: 'suspect' | 'accepted') =>
      world.start<MarkAfterInput>('mark', { ...breach, kind, reason: 'breach' });

    const handle = await mark('suspect');
    expect(await resultOf<MarkResult>(handle)).toEqual({ marked: after.map((id) => ({ store: 'db', id })) });
    expect((await world.record(handle)).steps).toMatchObject([
      {},
      { title: 'Mark 2 of db suspect', notes: after },
    ]);
    expect((await list(world)).map((one) => [one.id, one.suspected?.reason])).toEqual([
      [before['db'], undefined],
      ...after.map((id) => [id, 'breach']),
    ]);
    expect((await list(world, 'cache')).filter((one) => one.suspect)).toEqual([]);

    const restore = await world.restore({ dryRun: true });
    const { lines } = await resultOf<RestoreResult>(restore);
    const passedOver = `db: 2 newer backups were passed over: ${after[1]} (marked suspect), ${after[0]} (marked suspect)`;
    expect(lines.join('\n')).toContain(`from ${before['db']}`);
    expect(lines.join('\n')).toContain(passedOver);
    const date: Selection = { text: '2100-01-01T00:00:00Z', stores: ['db'], unverified: true };
    const dated = await resultOf<RestoreResult>(await world.restore({ dryRun: true, selection: date }));
    expect(dated.lines.join('\n')).toContain(passedOver);
    const proof = await resultOf<VerifyResult>(
      await world.start<VerifyInput>('verify', { depth: 'readable', selection: { ...date, text: 'latest' } }),
    );
    expect(proof.proofs.map((one) => one.id)).toEqual([before['db']]);

    // The same again finds nothing to do, and what was marked by mistake is taken back as a whole.
    expect(await resultOf<MarkResult>(await mark('suspect'))).toEqual({ marked: [] });
    expect((await resultOf<MarkResult>(await mark('accepted'))).marked).toHaveLength(2);
    expect(await latest(world)).toContain(`from ${after[1]}`);
  });

  it('stops who writes to a folder, and starts it again also when the dump fails', async () => {
    const world = rig.world({
      stores: { files: { files: true } },
      services: { api: ['files'], web: ['api'] },
    });
    await world.backup();
    expect(world.script.journal.filter((one) => !/^(facts|readable)/.test(one))).toEqual([
      ...['stop web', 'stop api', 'dump files', 'dumped files'],
      ...['start api', 'health api', 'start web', 'health web'],
    ]);

    world.script.journal.length = 0;
    world.script.fail('dump files', 'tool.failed');
    const handle = await world.start<BackupInput>('backup', { stores: ['files'] });
    expect((await failureOfRun(handle)).code).toBe('backup.failed');
    expect(world.script.journal.filter((one) => one !== 'facts files')).toEqual([
      ...['stop web', 'stop api', 'start api', 'health api', 'start web', 'health web'],
    ]);
    expect([...world.services]).toEqual([
      ['api', 'running'],
      ['web', 'running'],
    ]);
    await world.expectAllLetGo();
  });

  it('seals a folder’s backup and starts the other services when one does not become healthy', async () => {
    const world = rig.world({
      stores: { files: { files: true } },
      services: { api: ['files'], web: ['files'] },
    });
    world.answers.set('health web', '502');
    const handle = await world.start<BackupInput>('backup', { stores: ['files'] });
    const failure = await failureOfRun(handle);
    expect(failure.message).toContain('service=web');
    expect(world.services.get('api')).toBe('running');
    expect((await list(world, 'files')).map((one) => one.proven)).toEqual(['readable']);
  });

  it('starts the services again when it is cancelled, in every store of the set', async () => {
    const world = rig.world({
      stores: { one: { files: true }, two: { files: true } },
      services: { api: ['one'], web: ['two'] },
    });
    const gates = [world.script.gate('dump one'), world.script.gate('dump two')];
    const handle = await world.start<BackupInput>('backup', { stores: ['one', 'two'] });
    await Promise.all(gates.map((gate) => gate.reached));
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    // When the run has ended all is as it was, not a little later.
    expect([...world.services.values()]).toEqual(['running', 'running']);
    expect(await world.record(handle)).toMatchObject({ outcome: 'cancelled' });
    expect(await world.keys('manifests/')).toEqual([]);
    await world.expectAllLetGo();
  });

  it('is not merely cancelled where a service could not be started again, and says which', async () => {
    const world = rig.world({
      stores: { one: { files: true }, two: { files: true } },
      services: { api: ['one'], web: ['two'] },
      file: { limits: { parallel: 1 } },
    });
    const gate = world.script.gate('dump one');
    const handle = await world.start<BackupInput>('backup', { stores: ['one', 'two'] });
    await gate.reached;
    world.script.fail('start api', 'service.failed');
    await handle.cancel();
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('run.left');
    expect(failure.message).toContain(
      '[one="not all could be put back; could not be undone: start api again"]',
    );
  });

  it('does not start a service that another store of the set still needs stopped', async () => {
    const world = rig.world({
      stores: { one: { files: true }, two: { files: true } },
      services: { api: ['one', 'two'] },
    });
    for (const name of ['one', 'two'])
      world.script.on(`dump ${name}`, () => expect(world.services.get('api')).toBe('stopped'));
    const handle = await world.start<BackupInput>('backup', { stores: ['one', 'two'] });
    await resultOf(handle);
    const order = world.script.journal.filter((phase) => /^(stop|start|dump) /.test(phase));
    const whole = (name: string) => ['stop api', `dump ${name}`, 'start api'];
    expect([
      [...whole('one'), ...whole('two')],
      [...whole('two'), ...whole('one')],
    ]).toContainEqual(order);
    expect(world.services.get('api')).toBe('running');
    await world.expectAllLetGo();
  });

  it('leaves a service stopped that somebody had stopped', async () => {
    const world = rig.world({
      stores: { files: { files: true } },
      services: { api: ['files'], web: ['files'] },
    });
    world.services.set('api', 'stopped');
    await world.backup();
    expect([...world.services]).toEqual([
      ['api', 'stopped'],
      ['web', 'running'],
    ]);
  });

  it('waits with stopping a service until a restore that has stopped it has ended', async () => {
    const world = rig.world({
      stores: { db: {}, files: { files: true } },
      services: { api: ['db', 'files'] },
    });
    await world.backup({ stores: ['db'] });
    const gate = world.script.gate('cutover db');
    const selection = { text: 'latest', stores: ['db'], unverified: false };
    const restore = await world.restore({ selection });
    await gate.reached;
    const backup = await world.start<BackupInput>('backup', { stores: ['files'] });
    await vi.waitFor(async () => {
      const waiting = (await targetState(rig.steady, world.snapshot.stack, 'api'))?.waiting ?? [];
      expect(waiting.map((one) => one.purpose)).toEqual(['backup of files']);
    }, PATIENTLY);
    expect(world.script.journal).not.toContain('dump files');
    gate.open();
    await resultOf(restore);
    await resultOf(backup);
    expect(world.services.get('api')).toBe('running');
  });

  it('says in the set, and before a restore of it, that a restore lay between two of its backups', async () => {
    const world = rig.world({ stores: { cache: {}, db: {} }, file: { limits: { parallel: 1 } } });
    await world.backup();
    const gate = world.script.gate('readable cache');
    const backup = await world.start<BackupInput>('backup', { stores: ['cache', 'db'] });
    await gate.reached;
    const first = { text: 'latest', stores: ['cache'], unverified: false };
    const restore = await world.restore({ selection: first });
    await resultOf(restore);
    gate.open();
    const { setId } = await resultOf<BackupResult>(backup);
    const set = setSchema.parse(JSON.parse(String(await world.storage.read(keys.set(setId)))));
    expect(set.mixed).toBe(
      `cache was changed by ${restore.workflowId} after its backup and before that of db: they are of two states`,
    );
    const { lines } = await resultOf<RestoreResult>(await world.restore({ dryRun: true }));
    expect(lines.filter((line) => line.includes('mixed'))).toEqual([`set ${setId} is mixed: ${set.mixed}`]);
  });

  it('goes on while the stores are frozen, also where it stops services', async () => {
    const world = rig.world({ stores: { files: { files: true } }, services: { api: ['files'] } });
    const at = '2026-11-22T02:00:00.000Z';
    await freeze(rig.steady, world.snapshot.stack, 'files', { by: 'ana', reason: 'an audit', at });
    await world.backup();
    expect(world.script.journal).toEqual(expect.arrayContaining(['stop api', 'dump files', 'start api']));
  });

  it('deletes what an attempt had stored that failed', async () => {
    const world = rig.world();
    world.script.on('dumped db', ({ time }) => {
      // All of its data are in storage by now.
      if (time === 1) throw new SteadyError('storage.full', {}, { retryable: true });
    });
    const { db } = await world.backup();
    await vi.waitFor(async () => {
      const ids = new Set((await world.keys('data/')).map((key) => key.split('/')[2]));
      expect([...ids]).toEqual([db]);
    }, PATIENTLY);
  });

  it('refuses storage that was used before and is empty now, or is another one', async () => {
    const world = rig.world();
    await world.backup();
    const kept = (await world.storage.read('stack.json')) as Buffer;
    await world.storage.delete('stack.json');
    const start = () => world.start<BackupInput>('backup', { stores: ['db'] });
    const emptied = await failureOfRun(await start());
    expect(emptied.code).toBe('storage.emptied');
    expect(emptied.hint).toContain('mounted');
    expect((await failureOfRun(await world.restore())).code).toBe('storage.emptied');
    expect(await world.storage.head('stack.json')).toBeUndefined();
    const other = { ...(JSON.parse(String(kept)) as object), uuid: '00000000-0000-4000-8000-000000000000' };
    await world.storage.create('stack.json', Buffer.from(JSON.stringify(other)));
    expect((await failureOfRun(await start())).code).toBe('storage.foreign');
    expect((await failureOfRun(await world.restore())).code).toBe('storage.foreign');
    expect(await world.keys('manifests/')).toHaveLength(1);
  });

  it('starts the services again also when the run is terminated and can do nothing more itself', async () => {
    const world = rig.world({ stores: { files: { files: true } }, services: { api: ['files'] } });
    const gate = world.script.gate('dump files');
    const handle = await world.start<BackupInput>('backup', { stores: ['files'] });
    await gate.reached;
    await handle.terminate('somebody lost patience');
    await vi.waitFor(() => expect(world.services.get('api')).toBe('running'), PATIENTLY);
    await world.expectAllLetGo();
  });

  it('goes on with the other stores when somebody cancels the backup of one', async () => {
    const world = rig.world({ stores: { db: {}, cache: {} } });
    const gate = world.script.gate('dump cache');
    const handle = await world.start<BackupInput>('backup', { stores: ['db', 'cache'] });
    await gate.reached;
    const child = `backup-store.${world.stack}.cache.${handle.workflowId.split('.').at(-1)}`;
    await rig.steady.client.workflow.getHandle(child).cancel();
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('backup.failed');
    expect(failure.message).toContain('cache=cancelled');
    expect(Object.keys((await theSet(world)).backups)).toEqual(['db']);
  });

  it('fails with run.limit when it takes too long, and puts everything back first', async () => {
    const world = rig.world({
      stores: { files: { files: true } },
      services: { api: ['files'] },
      file: { limits: { run: '3s' } },
    });
    world.script.on('dump files', ({ signal }) => untilStopped(never, signal));
    const handle = await world.start<BackupInput>('backup', { stores: ['files'] });
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('run.limit');
    expect(failure.message).toContain('limit=3s');
    expect(world.services.get('api')).toBe('running');
    expect(await world.record(handle)).toMatchObject({ outcome: 'failed', failure: { code: 'run.limit' } });
  });

  it('keeps a backup whose proof failed, says so, and does not take it for latest', async () => {
    const world = rig.world();
    const { db: good } = await world.backup();
    world.script.fail('readable db', 'stream.corrupt');
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    const failure = await failureOfRun(handle);
    expect(failure.message).toContain('the proof failed');
    const lines = await list(world);
    expect(lines.map((one) => one.failedProof !== undefined)).toEqual([false, true]);
    expect(await latest(world)).toContain(`from ${good}`);
  });

  it('starts once when the same request is sent twice', async () => {
    const world = rig.world();
    const request = '20261122T020000Z-k7q2m9xd';
    const [one, two] = await Promise.all(
      [1, 2].map(() => world.start<BackupInput>('backup', { stores: ['db'] }, { request })),
    );
    expect(two?.workflowId).toBe(one?.workflowId);
    if (one) await resultOf(one);
    expect(await world.keys('manifests/')).toHaveLength(1);
  });
});

describe.concurrent('a look for a backup by date', () => {
  it('goes by the moment of the data, not by when the backup began', async () => {
    const world = rig.world();
    const { db: early } = await world.backup();
    const between = new Date();
    let begun = new Date();
    world.script.on('facts db', async () => {
      begun = new Date();
      // The data are of two seconds later.
      await new Promise((resolve) => setTimeout(resolve, 2100));
    });
    await world.backup();
    const selection = (at: Date): Selection => ({
      text: at.toISOString(),
      stores: ['db'],
      unverified: false,
    });
    const verified = async (at: Date) => {
      const handle = await world.start<VerifyInput>('verify', { selection: selection(at), depth: 'stored' });
      return await resultOf<{ proofs: { id: string }[] }>(handle);
    };
    expect((await verified(between)).proofs[0]?.id).toBe(early);
    expect((await verified(new Date(begun.getTime() + 1500))).proofs[0]?.id).toBe(early);
  });
});
