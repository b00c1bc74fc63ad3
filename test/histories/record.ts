import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { askedBy, decide, signedRequester, type Identity } from '../../src/client/approvals.js';
import { freeze, thaw } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { ledgerEntityId, runId, storageEntityId, targetEntityId, watchEntityId } from '../../src/contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../src/contracts/names.js';
import type { LedgerInput } from '../../src/contracts/runs/ledger.js';
import type { TargetInput } from '../../src/contracts/runs/locks.js';
import type { HoldInput, UndoInput } from '../../src/contracts/runs/procedures.js';
import type { DeployInput, DeployResult, Wanted } from '../../src/contracts/runs/deploy.js';
import type { JobInput } from '../../src/contracts/runs/jobs.js';
import { servicesRequest, type ServicesInput, type ServiceVerb } from '../../src/contracts/runs/services.js';
import { startRig, type Rig } from '../workflows/harness.js';
import { PATIENTLY } from '../workflows/patience.js';
import { approver, person } from '../workflows/people.js';
import { deployable, NEW } from '../workflows/deployable.js';
import { failureOfRun, type World } from '../workflows/world.js';
import { KEPT } from './kept.js';

/*
 * Plays each procedure with fakes and keeps its history, so that a later change of a workflow is replayed against it.
 * Kept ones are for ever: new behaviour is recorded under a new name beside them. See CONTRIBUTING.md.
 */
// Imports name the host on which they read: that of a recording is nobody's business.
vi.mock('node:os', async (original) => ({ ...(await original<typeof import('node:os')>()), hostname: () => 'worker' }));

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await mkdir(KEPT, { recursive: true });
});
afterAll(() => rig.close());

const byId = (id: string): WorkflowHandle => rig.steady.client.workflow.getHandle(id);

async function keep(handle: WorkflowHandle, name: string): Promise<void> {
  const history = await handle.fetchHistory();
  const json = JSON.stringify(withoutThisMachine(JSON.parse(historyToJSON(history))));
  await writeFile(join(KEPT, `${name}.json.gz`), gzipSync(json, { level: 9 }), { flag: 'wx' });
}

/** Who ran it and where its sources lay says nothing about the workflow. */
function withoutThisMachine(value: unknown, key = ''): unknown {
  if (key === 'identity') return 'recorder';
  if (key === 'stackTrace') return '';
  if (Array.isArray(value)) return value.map((one) => withoutThisMachine(one));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, withoutThisMachine(inner, name)]);
  const object = Object.fromEntries(entries) as Record<string, unknown>;
  return object['kind'] === 'TASK_QUEUE_KIND_STICKY' ? { ...object, name: 'sticky' } : object;
}

/** Entities go on for ever; what they have done so far is what is kept. */
async function keepEntities(world: World, name: string): Promise<void> {
  await vi.waitFor(async () => expect((await world.keys('records/')).length).toBeGreaterThan(0), PATIENTLY);
  for (const store of Object.keys(world.snapshot.stack.stores))
    await keep(byId(targetEntityId(world.stack, store)), `target.${name}-${store}`);
  await keep(byId(ledgerEntityId(world.stack)), `ledger.${name}`);
}

const people = [approver('ana', 'operator'), approver('ben', 'owner'), approver('cleo', 'owner')];
const plan = { schedule: '30 3 * * *', stores: ['db', 'files'], verify: 'readable', keep: { last: 1, verified: 1 } };

async function full(): Promise<World> {
  return rig.world({
    stores: { db: { live: 'good' }, files: { files: true, live: 'files' } },
    services: { api: ['db', 'files'] },
    file: {
      plans: { nightly: plan },
      approvers: people,
      approvals: { restore: { from: 'owner', count: 2 } },
      checks: { search: { http: { url: 'http://search/' } } },
      limits: { hold: '5s' },
    },
  });
}

async function approve(handle: WorkflowHandle, ...names: string[]): Promise<void> {
  const shown = await vi.waitFor(async () => {
    const state = await askedBy(handle);
    if (state === undefined) throw new Error('it has not asked yet');
    return state;
  }, PATIENTLY);
  for (const name of names)
    await decide(handle, { identity: person(name), shown, decision: 'approve', reason: 'go on' });
}

it('records backups, their stores, prune, marks, looks, checks and proofs', async () => {
  const world = await full();
  const run = async (name: string, ...[procedure, input]: Parameters<World['start']>) => {
    const handle = await world.start(procedure, input);
    await handle.result().catch(() => undefined);
    await keep(handle, name);
    return handle;
  };
  const stores = ['db', 'files'];
  await world.backup();
  const nightly = await run('backup.nightly-with-prune', 'backup', { stores, plan: 'nightly' });
  const child = (store: string) => byId(`backup-store.${world.stack}.${store}.${nightly.workflowId.split('.').at(-1)}`);
  await keep(child('db'), 'backupStore.read-while-live');
  await keep(child('files'), 'backupStore.services-stopped');
  world.script.fail('dump files', 'tool.failed');
  const failed = await run('backup.one-store-fails', 'backup', { stores });
  await keep(byId(`backup-store.${world.stack}.files.${failed.workflowId.split('.').at(-1)}`), 'backupStore.dump-fails');

  const [key = ''] = await world.keys('manifests/db/');
  const id = key.slice('manifests/db/'.length, -'.json'.length);
  await run('mark.keep', 'mark', { store: 'db', id, kind: 'keep', reason: 'audit' });
  const dump = join(tmpdir(), 'steady-old-dump');
  await writeFile(dump, 'old');
  await run('importDumps.one', 'import', { store: 'db', files: [dump], at: '2026-01-01T00:00:00Z' });
  await run('importDumps.again-and-missing', 'import', { store: 'db', files: [dump, `${dump}-none`] });
  await rm(dump);
  const breach = { stores, after: '2000-01-01T00:00:00Z', reason: 'breach' };
  await run('mark.suspect-after', 'mark', { ...breach, kind: 'suspect' });
  await run('mark.accepted-after', 'mark', { ...breach, kind: 'accepted' });
  const selection = { text: 'latest', stores, unverified: true };
  await run('verify.restored', 'verify', { depth: 'restored', selection });
  world.script.fail('scratch db', 'store.mismatch');
  await run('verify.fails', 'verify', { depth: 'restored', selection });
  await run('prune.dry-run', 'prune', { stores, dryRun: true });
  await run('prune.deletes', 'prune', { stores, dryRun: false });
  for (const what of ['standings', 'backups', 'services'] as const) await run(`look.${what}`, 'look', { what, stores });
  await run('check.all', 'check', { stores });
  await run('sweep.nothing', 'sweep', { dryRun: false });
  await keepEntities(world, 'backups');
  await keep(byId(storageEntityId(world.stack)), 'storage.claims-and-deletions');
});

it('records what is told, what is watched, and how both go on', async () => {
  const { client } = rig.steady;
  const world = rig.world({
    file: {
      notify: { ops: { command: { run: ['false'] }, on: ['rpo', 'done'] }, own: { command: { run: ['true'] }, on: ['done'] } },
      plans: { nightly: { schedule: '30 3 * * *', stores: ['db'], rpo: '2s' } },
      limits: { watch: '1s' },
    },
  });
  const backup = await world.start('backup', { stores: ['db'] });
  await resultOf(backup);
  await keep(backup, 'backup.tells');
  const told = byId(runId('notify', world.stack, `${(await backup.describe()).runId}.ended`));
  await vi.waitFor(async () => {
    const { raw } = await told.describe();
    expect(raw.pendingActivities?.[0]?.attempt).toBeGreaterThan(1);
  }, PATIENTLY);
  await keep(told, 'notify.one-is-reached');
  await told.terminate();

  const watch = await client.workflow.start('watch', {
    workflowId: watchEntityId(world.stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [{ snapshot: world.snapshot, maxEvents: 60, againSeconds: 3 }],
  });
  await vi.waitFor(async () => expect((await byId(watch.workflowId).describe()).runId).not.toBe(watch.firstExecutionRunId), PATIENTLY);
  await keep(client.workflow.getHandle(watch.workflowId, watch.firstExecutionRunId), 'watch.tells-and-is-renewed');
  await keep(byId(watch.workflowId), 'watch.goes-on-after-renewal');
  const query = `WorkflowType = "notify" AND SteadyStack = "${world.stack}" AND ExecutionStatus = "Running"`;
  for await (const { workflowId } of client.workflow.list({ query })) await byId(workflowId).terminate();
});

it('records a backup that shrank sharply, and how a run that was terminated is told', async () => {
  const world = rig.world({
    stores: { db: { live: 'x'.repeat(200_000) } },
    file: { notify: { own: { command: { run: ['true'] } } }, limits: { watch: '1s' } },
  });
  await world.backup();
  world.data('db').live = 'y';
  const small = await world.start('backup', { stores: ['db'] });
  await resultOf(small);
  await keep(byId(`backup-store.${world.stack}.db.${small.workflowId.split('.').at(-1)}`), 'backupStore.shrunk');

  const gate = world.script.gate('dump db');
  const ended = await world.start('backup', { stores: ['db'] });
  await gate.reached;
  await ended.terminate('by hand');
  gate.open();
  const watch = await rig.steady.client.workflow.start('watch', {
    workflowId: watchEntityId(world.stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [{ snapshot: world.snapshot }],
  });
  const told = byId(runId('notify', world.stack, `${(await ended.describe()).runId}.ended`));
  await vi.waitFor(async () => expect(await told.result()).toMatchObject([{ reached: true }]), PATIENTLY);
  await keep(watch, 'watch.tells-of-a-terminated-run');
});

it('records restarts, a stop that is put back, and a start that is asked for', async () => {
  const services = { web: ['api'], api: ['queue'], queue: [] };
  const world = rig.world({ services });
  const change = async (verb: ServiceVerb, of: readonly string[], by?: Identity): Promise<WorkflowHandle> => {
    const asked = { verb, services: of, dependents: false, reason: 'a test', token: 'k7q2m9xd' };
    return await world.start<ServicesInput>(verb, asked, by && { by: signedRequester(by, servicesRequest(asked)) });
  };
  world.logs.set('api', 'ERROR no model');
  const restarted = await change('restart', ['web', 'api', 'queue']);
  await resultOf(restarted);
  await keep(restarted, 'changeServices.restarted');
  world.script.on('health api', () => {
    throw new SteadyError('service.failed', { service: 'api' }, { retryable: false });
  });
  const sick = await change('restart', ['api']);
  await failureOfRun(sick);
  await keep(sick, 'changeServices.not-healthy');
  world.script.on('health api', () => undefined);
  world.script.fail('stop queue', 'service.failed');
  const putBack = await change('stop', ['web', 'api', 'queue']);
  await failureOfRun(putBack);
  await keep(putBack, 'changeServices.put-back');

  const guarded = await full();
  const ana = person('ana');
  const name = Object.keys(guarded.snapshot.stack.services)[0] ?? '';
  const asked = { verb: 'start', services: [name], dependents: false, reason: '', token: 'k7q2m9xd' } as const;
  const policy = { from: 'owner', count: 2, self: false, expires: 3600 };
  const stack = { ...guarded.snapshot.stack, approvals: { services: policy } };
  const handle = await guarded.start<ServicesInput>('start', asked, {
    by: signedRequester(ana, servicesRequest(asked)),
    snapshot: { ...guarded.snapshot, stack },
  });
  await approve(handle, 'ben', 'cleo');
  await resultOf(handle);
  await keep(handle, 'changeServices.approved');
});

it('records a restore with approvals, its hold and its undo', async () => {
  const world = await full();
  await world.backup();
  world.data('db').live = 'bad';
  const handle = await world.restore({ asked: person('ana') });
  await approve(handle, 'ben', 'cleo');
  await resultOf(handle);
  await keep(handle, 'restore.approved-by-two');
  const hold = byId(runId('hold', world.stack, handle.workflowId.slice(-8)));
  const asked = { restore: handle.workflowId, hold: await hold.query<HoldInput>('hold') };
  // Somebody without a signature is refused; signed it goes on.
  const refused = await world.start<UndoInput & { hold: HoldInput }>('restore-undo', asked);
  await failureOfRun(refused);
  await keep(refused, 'undoRestore.refused');
  await resultOf(hold);
  await keep(hold, 'hold.released');
});

it('records restores that put everything back, and an undo', async () => {
  const world = rig.world({ stores: { db: { live: 'good' } }, services: { api: ['db'] }, file: { limits: { hold: '5s' } } });
  await world.backup();
  world.answers.set('health api', '502');
  world.script.on('undo db', () => void world.answers.clear());
  const failed = await world.restore();
  await failureOfRun(failed);
  await keep(failed, 'restore.unhealthy-and-put-back');

  const gate = world.script.gate('cutover db');
  const cancelled = await world.restore();
  await gate.reached;
  await cancelled.cancel();
  await failureOfRun(cancelled);
  await keep(cancelled, 'restore.cancelled');
  world.script.on('cutover db', () => undefined);

  for (const [name, options] of [
    ['restore.dry-run', { dryRun: true }],
    ['restore.into', { mode: 'into', into: 'copy' }],
    ['restore.in-place', { mode: 'in-place' }],
  ] as const) {
    const handle = await world.restore(options);
    await resultOf(handle);
    await keep(handle, name);
  }

  const done = await world.restore();
  await resultOf(done);
  const hold = byId(runId('hold', world.stack, done.workflowId.slice(-8)));
  const undo = await world.start<UndoInput & { hold: HoldInput }>('restore-undo', {
    restore: done.workflowId,
    hold: await hold.query<HoldInput>('hold'),
  });
  await resultOf(undo);
  await keep(undo, 'undoRestore.done');
  await resultOf(hold);
  await keep(hold, 'hold.undone-then-released');
});

it('records a restore that could not put everything back, until an undo did', async () => {
  const world = rig.world({
    stores: { cache: { live: 'warm' }, db: { live: 'good' } },
    services: { api: ['cache', 'db'] },
    file: { limits: { hold: '5s' } },
  });
  await world.backup();
  world.script.on('load db', ({ time }) => {
    if (time === 1) throw new SteadyError('tool.failed', {}, { retryable: false });
  });
  const inPlace = await world.restore({ mode: 'in-place' });
  await failureOfRun(inPlace);
  await keep(inPlace, 'restore.in-place-put-back-from-its-backup');

  world.script.fail('cutover db', 'store.blocked');
  world.script.fail('undo cache', 'store.denied');
  const failed = await world.restore();
  await failureOfRun(failed);
  await keep(failed, 'restore.not-put-back');
  const hold = byId(runId('hold', world.stack, failed.workflowId.slice(-8)));
  const undo = async () =>
    world.start<UndoInput & { hold: HoldInput }>('restore-undo', {
      restore: failed.workflowId,
      hold: await hold.query<HoldInput>('hold'),
    });
  const half = await undo();
  await failureOfRun(half);
  await keep(half, 'undoRestore.fails');
  const gate = world.script.gate('undo cache');
  const late = await undo();
  await gate.reached;
  await late.cancel();
  gate.open();
  await resultOf(late);
  await keep(late, 'undoRestore.cancelled-too-late');
  await resultOf(hold);
  await keep(hold, 'hold.until-an-undo');
});

it('records a denied restore and a target that was frozen and renewed', async () => {
  const world = rig.world({ file: { approvers: people, approvals: { restore: { from: 'owner' } } } });
  const { stack, site } = world.snapshot.stack;
  const input: TargetInput = { stack, target: 'db', site, lookSeconds: 1, maxEvents: 40 };
  const target = await rig.steady.client.workflow.start('target', {
    workflowId: targetEntityId(stack, 'db'),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [input],
  });
  await rig.steady.client.workflow.start('ledger', {
    workflowId: ledgerEntityId(stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [{ snapshot: world.snapshot, maxEvents: 12 } satisfies LedgerInput],
  });
  await world.backup();
  const handle = await world.restore({ asked: person('ana') });
  const shown = await vi.waitFor(async () => {
    const state = await askedBy(handle);
    if (state === undefined) throw new Error('it has not asked yet');
    return state;
  }, PATIENTLY);
  await decide(handle, { identity: person('ben'), shown, decision: 'deny', reason: 'not now' });
  await failureOfRun(handle);
  await keep(handle, 'restore.denied');

  await freeze(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'an audit', at: new Date().toISOString() });
  const frozen = await world.restore({ asked: person('ana') });
  await failureOfRun(frozen);
  await keep(frozen, 'restore.frozen');
  await thaw(rig.steady, world.snapshot.stack, 'db');

  const again = await world.restore({ asked: person('ana') });
  const before = await vi.waitFor(async () => {
    const state = await askedBy(again);
    if (state === undefined) throw new Error('it has not asked yet');
    return state;
  }, PATIENTLY);
  world.data('db').live = undefined;
  await decide(again, { identity: person('ben'), shown: before, decision: 'approve', reason: '' });
  const second = await vi.waitFor(async () => {
    const state = await askedBy(again);
    if (state === undefined || state.digest === before.digest) throw new Error('it has not asked again yet');
    return state;
  }, PATIENTLY);
  await decide(again, { identity: person('ben'), shown: second, decision: 'approve', reason: '' });
  await resultOf(again);
  await keep(again, 'restore.asked-again');
  await vi.waitFor(async () => {
    await world.backup();
    expect((await byId(targetEntityId(stack, 'db')).describe()).runId).not.toBe(target.firstExecutionRunId);
  }, PATIENTLY);
  const first = rig.steady.client.workflow.getHandle(targetEntityId(stack, 'db'), target.firstExecutionRunId);
  await keep(first, 'target.frozen-and-renewed');
  await keep(byId(targetEntityId(stack, 'db')), 'target.goes-on-after-renewal');
  await keep(byId(ledgerEntityId(stack)), 'ledger.goes-on-after-renewal');
});

it('records deploys, rollbacks, scaling, and a restart behind a router', async () => {
  const world = deployable(rig);
  const run = async (
    name: string,
    procedure: DeployInput['procedure'],
    wanted: Wanted,
    more: Partial<DeployInput> = {},
  ) => {
    const asked = { procedure, wanted: [wanted], reason: 'a recording', token: 'k7q2m9xd', ...more };
    const handle = await world.start<DeployInput>(procedure, asked);
    await handle.result().catch(() => undefined);
    await keep(handle, name);
  };
  const settings = { set: { LLM_MODEL: 'mock' }, unset: [] };
  await run('deploy.rolling', 'deploy', { service: 'api', to: 'version', image: NEW });
  await run('deploy.settings-recreated', 'deploy', { service: 'api', to: 'version', settings }, { strategy: 'recreate' });
  await run('deploy.rollback', 'rollback', { service: 'api', to: 'revision', revision: 1 });
  await run('deploy.scaled', 'scale', { service: 'api', to: 'count', count: 3 });
  world.fleet.ill.add(NEW);
  await run('deploy.taken-back', 'deploy', { service: 'api', to: 'version', image: NEW });
  await run('deploy.image-missing', 'deploy', { service: 'api', to: 'version', image: 'acme/api:9' });

  const asked = { services: ['api'], dependents: false, reason: '', token: 'k7q2m9xd' };
  const restarted = await world.start<ServicesInput>('restart', { verb: 'restart', ...asked });
  await resultOf(restarted);
  await keep(restarted, 'changeServices.routed');
  const checked = await world.start('check', { stores: ['db'] });
  await checked.result().catch(() => undefined);
  await keep(checked, 'check.deploys');
  for (const what of ['revisions', 'health'] as const) {
    const looked = await world.start('look', { what, stores: [], services: ['api'] });
    await resultOf(looked);
    await keep(looked, `look.${what}`);
  }
});

it('records a deploy that is for a time, and what takes it back', async () => {
  const world = deployable(rig);
  const settings = { set: { LLM_MODEL: 'mock' }, unset: [] };
  const wanted = [{ service: 'api', to: 'version', settings }] as const;
  const asked = { procedure: 'deploy', wanted, reason: 'a recording', token: 'k7q2m9xd' } as const;
  const handle = await world.start<DeployInput>('deploy', { ...asked, forSeconds: 1 });
  const { takenBackBy = '' } = await resultOf<DeployResult>(handle);
  await keep(handle, 'deploy.for-a-time');
  await resultOf(byId(takenBackBy));
  await keep(byId(takenBackBy), 'deploy.takes-back');
});

it('records a deploy by a checklist with a change of data, and a job by hand', async () => {
  const service = 'api';
  const world = rig.world({
    file: {
      runtime: { compose: { project: 'rig' } },
      changes: { windows: ['daily 00:00-24:00'] },
      jobs: {
        validate: { service, command: ['sh', '-c', 'echo valid'] },
        migrate: { service, command: ['sh', '-c', 'echo migrated'] },
      },
      services: {
        api: {
          ...{ healthWithin: '1s', drain: '1s', needs: ['db'], log: { watch: '1s' } },
          deploy: {
            before: { jobs: ['validate'], disk: '1B', secrets: true },
            migrate: { job: 'migrate', reversible: false },
          },
        },
      },
    },
  });
  world.fleet.run(service, 'acme/api:1', 1);
  world.fleet.registry.add(NEW).add('acme/api:3');
  const token = 'k7q2m9xd';
  const begin = async (image: string, request: string) =>
    await world.start<DeployInput>(
      'deploy',
      { procedure: 'deploy', wanted: [{ service, to: 'version', image }], reason: 'a recording', token: request },
    );
  const steps = await begin(NEW, token);
  await resultOf(steps);
  await keep(steps, 'deploy.steps');
  world.fleet.ill.add('acme/api:3');
  const held = await begin('acme/api:3', 'k7q2m9xe');
  await failureOfRun(held);
  await keep(held, 'deploy.held');
  await thaw(rig.steady, { stack: world.stack, site: world.snapshot.stack.site }, service);
  const job = await world.start<JobInput>('job', { job: 'validate', reason: '', token });
  await resultOf(job);
  await keep(job, 'job.of-a-service');
});
