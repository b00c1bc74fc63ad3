import { readdir } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askedBy, decide, signedRequester } from '../../src/client/approvals.js';
import { targetState, thaw } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { deployRequest, type DeployInput, type DeployResult } from '../../src/contracts/runs/deploy.js';
import type { JobDone, JobInput } from '../../src/contracts/runs/jobs.js';
import { NEW, OLD } from './deployable.js';
import { startRig, type Rig } from './harness.js';
import { approver, person } from './people.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const shell = (script: string): string[] => ['sh', '-c', script];

/** A service of two instances that is deployed by these steps. */
function world(deploy: object, file: Record<string, unknown> = {}): World {
  const made = rig.world({
    file: {
      runtime: { compose: { project: 'rig' } },
      jobs: {
        validate: { service: 'api', command: shell('echo all is well') },
        refuse: { service: 'api', command: shell('echo DATABASE_URL is not set; exit 2') },
        migrate: { service: 'api', command: shell('echo migrated') },
        count: { command: shell('echo on the host') },
      },
      services: { api: { healthWithin: '1s', drain: '1s', needs: ['db'], log: { watch: '1s' }, deploy } },
      ...file,
    },
  });
  made.fleet.run('api', OLD, 2);
  made.fleet.registry.add(NEW);
  return made;
}

const ASKED = {
  procedure: 'deploy',
  wanted: [{ service: 'api', to: 'version', image: NEW }],
  reason: 'a test',
  token: 'k7q2m9xd',
} as const;

const deploy = async (of: World, more: Partial<DeployInput> = {}): Promise<WorkflowHandle> =>
  await of.start<DeployInput>(more.procedure ?? 'deploy', { ...ASKED, ...more });
const images = (of: World): string[] => of.fleet.of('api').map((one) => one.image.name);
const done = (of: World): string[] => of.script.journal.filter((one) => /^(grow|remove|job|dump )/.test(one));
const nothingLeft = async (of: World): Promise<void> =>
  expect(await readdir(of.jobsFolder).catch(() => [])).toEqual([]);

describe.concurrent('before a deploy changes anything', () => {
  it('its jobs run as the new version, and what they write is told', async () => {
    const of = world({ before: { jobs: ['validate', 'count'] } });
    const handle = await deploy(of);
    await resultOf<DeployResult>(handle);
    expect(done(of).slice(0, 3)).toEqual([
      `job validate as ${NEW}`,
      'job count as its files say',
      `grow api to 1 of ${NEW}`,
    ]);
    const { steps } = await of.timeline(handle);
    expect(steps.find((one) => one.title === 'Run job validate')?.notes).toEqual(['all is well']);
    await nothingLeft(of);
  });

  it('a job that fails ends it: nothing was touched, and its last lines are told', async () => {
    const of = world({ before: { jobs: ['refuse'] } });
    const failure = await failureOfRun(await deploy(of));
    expect(failure.code).toBe('deploy.rolled-back');
    expect(failure.message).toContain('a job did not end well [job=refuse exit=2 says=');
    expect(done(of)).toEqual([`job refuse as ${NEW}`]);
    expect(images(of)).toEqual([OLD, OLD]);
    await of.expectAllLetGo();
    await nothingLeft(of);
  });

  it('a store without a verified backup that is young enough is backed up first, others are not', async () => {
    const of = world({ before: { backup: { stores: ['db'], within: '1h' } } });
    await resultOf(await deploy(of));
    expect(done(of)[0]).toBe('dump db');
    of.fleet.registry.add('acme/api:3');
    await resultOf(
      await deploy(of, {
        wanted: [{ service: 'api', to: 'version', image: 'acme/api:3' }],
        token: 'k7q2m9xe',
      }),
    );
    expect(done(of).filter((one) => one === 'dump db')).toHaveLength(1);
    expect(images(of)).toEqual(['acme/api:3', 'acme/api:3']);
  });

  it('a backup that fails ends it', async () => {
    const of = world({ before: { backup: { stores: ['db'] } } });
    of.script.fail('dump db', 'tool.failed');
    const failure = await failureOfRun(await deploy(of));
    expect(failure.code).toBe('backup.failed');
    expect(images(of)).toEqual([OLD, OLD]);
  });

  it('less room than it needs ends it', async () => {
    const of = world({ before: { disk: '2GiB', memory: '1GiB' } });
    of.fleet.room = { disk: 2 ** 30, memory: 2 ** 31 };
    const failure = await failureOfRun(await deploy(of));
    expect(failure.message).toContain('api: 1.0 GiB of disk free, 2.0 GiB needed');
    expect(images(of)).toEqual([OLD, OLD]);
  });

  it('is no reason to hold up what goes back', async () => {
    const of = world({ before: { jobs: ['validate'] }, migrate: { job: 'migrate', reversible: true } });
    await resultOf(await deploy(of));
    const before = done(of).length;
    await resultOf(await deploy(of, { procedure: 'rollback', wanted: [{ service: 'api', to: 'revision' }] }));
    expect(
      done(of)
        .slice(before)
        .filter((one) => one.startsWith('job')),
    ).toEqual([]);
    expect(images(of)).toEqual([OLD, OLD]);
  });
});

describe.concurrent('a change of data', () => {
  it('comes after a backup of what the service needs, and before its first new instance', async () => {
    const of = world({ migrate: { job: 'migrate', reversible: true } });
    const { lines } = await resultOf<DeployResult>(await deploy(of));
    expect(lines).toContain('api: job migrate changes the data first');
    expect(done(of).slice(0, 3)).toEqual(['dump db', `job migrate as ${NEW}`, `grow api to 1 of ${NEW}`]);
  });

  it('that can be undone does not keep what ran before from coming back', async () => {
    const of = world({ migrate: { job: 'migrate', reversible: true } });
    of.fleet.ill.add(NEW);
    expect((await failureOfRun(await deploy(of))).code).toBe('deploy.rolled-back');
    expect(images(of)).toEqual([OLD, OLD]);
    await of.expectAllLetGo();
  });

  it('that cannot be undone leaves a deploy that fails to a person: frozen, as it is', async () => {
    const of = world({ migrate: { job: 'migrate', reversible: false } });
    of.script.on(`grow api to 2 of ${NEW}`, () => void of.fleet.ill.add(NEW));
    const handle = await deploy(of);
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('deploy.held');
    expect(images(of)).toContain(OLD);
    expect(images(of)).toContain(NEW);
    const at = { stack: of.stack, site: of.snapshot.stack.site };
    expect((await targetState(rig.steady, at, 'api'))?.frozen?.reason).toBe(
      `${handle.workflowId} failed after a change of data that cannot be undone`,
    );
    const back = {
      procedure: 'rollback',
      wanted: [{ service: 'api', to: 'revision', revision: 1 }],
    } as const;
    expect((await failureOfRun(await deploy(of, back))).code).toBe('target.frozen');
    await thaw(rig.steady, at, 'api');
    await resultOf(await deploy(of, back));
    // As many as there were when it was left.
    expect(images(of)).toEqual([OLD, OLD, OLD]);
  });

  it('is not made for settings alone', async () => {
    const of = world({ migrate: { job: 'migrate', reversible: false } });
    const settings = { set: { LOG_LEVEL: 'debug' }, unset: [] };
    await resultOf(await deploy(of, { wanted: [{ service: 'api', to: 'version', settings }] }));
    expect(done(of).filter((one) => /^(job|dump)/.test(one))).toEqual([]);
  });
});

describe.concurrent('outside the hours of deploys', () => {
  const busy = {
    label: 'freeze.ics',
    at: () => Promise.resolve([{ title: 'Sale', until: '2026-11-30T06:00:00.000Z' }]),
  };
  const people = { approvers: [approver('ana', 'operator'), approver('ben', 'owner')] };

  it('nothing is deployed, and it says why and until when', async () => {
    const of = world({}, { changes: { calendars: [{ file: 'freeze.ics' }] } });
    of.calendars.push(busy);
    for (const more of [{}, { outsideHours: true }]) {
      const failure = await failureOfRun(await deploy(of, more));
      expect(failure.code).toBe('deploy.closed');
      expect(failure.message).toContain('Sale, until 2026-11-30T06:00:00.000Z (freeze.ics)');
    }
    expect(done(of)).toEqual([]);
  });

  it('an exception needs its own approval', async () => {
    const exceptions = { from: 'owner' };
    const of = world(
      {},
      { ...people, approvals: { exceptions }, changes: { calendars: [{ file: 'freeze.ics' }] } },
    );
    of.calendars.push(busy);
    const asked = { ...ASKED, outsideHours: true };
    const by = signedRequester(person('ana'), deployRequest(asked));
    const handle = await of.start<DeployInput>('deploy', asked, { by });
    const shown = await vi.waitFor(async () => {
      const state = await askedBy(handle);
      if (state?.status !== 'waiting') throw new Error('nothing is asked yet');
      return state;
    }, 20_000);
    expect(images(of)).toEqual([OLD, OLD]);
    await decide(handle, { identity: person('ben'), shown, decision: 'approve', reason: 'it burns' });
    await resultOf(handle);
    expect(images(of)).toEqual([NEW, NEW]);
  });

  it('a hotfix goes at once where nobody has to be asked, and so does what goes back', async () => {
    const of = world({}, { changes: { calendars: [{ file: 'freeze.ics' }] } });
    of.calendars.push(busy);
    await resultOf(await deploy(of, { hotfix: true }));
    expect(images(of)).toEqual([NEW, NEW]);
    await resultOf(await deploy(of, { procedure: 'rollback', wanted: [{ service: 'api', to: 'revision' }] }));
    expect(images(of)).toEqual([OLD, OLD]);
  });

  it('a calendar that cannot be read does not say that all is free', async () => {
    const of = world({}, { changes: { calendars: [{ file: 'freeze.ics' }] } });
    const gone = new SteadyError(
      'calendar.unreadable',
      { calendar: 'freeze.ics', error: 'ENOENT' },
      { retryable: false },
    );
    of.calendars.push({ label: 'freeze.ics', at: () => Promise.reject(gone) });
    expect((await failureOfRun(await deploy(of))).code).toBe('calendar.unreadable');
    expect(images(of)).toEqual([OLD, OLD]);
  });
});

describe.concurrent('a job by hand', () => {
  const job = async (of: World, name: string): Promise<WorkflowHandle> =>
    await of.start<JobInput>('job', { job: name, reason: 'a test', token: 'k7q2m9xd' });

  it('runs as what its service runs, and leaves nothing', async () => {
    const of = world({});
    expect(await resultOf<JobDone>(await job(of, 'validate'))).toMatchObject({ lines: ['all is well'] });
    await resultOf(await deploy(of));
    await resultOf(await of.start<JobInput>('job', { job: 'validate', reason: '', token: 'k7q2m9xe' }));
    expect(of.script.journal.filter((one) => one.startsWith('job'))).toEqual([
      'job validate as its files say',
      `job validate as ${NEW}`,
    ]);
    await nothingLeft(of);
    await of.expectAllLetGo();
  });

  it('that fails says with what, and has a record', async () => {
    const of = world({});
    const handle = await job(of, 'refuse');
    const failure = await failureOfRun(handle);
    expect([failure.code, failure.message]).toEqual([
      'job.failed',
      expect.stringContaining('exit=2 says="DATABASE_URL is not set"') as string,
    ]);
    expect((await of.record(handle)).outcome).toBe('failed');
    await nothingLeft(of);
  });

  it('ends when it takes longer than it may, and when it is cancelled', async () => {
    const endless = { service: 'api', command: shell('echo begun; sleep 300'), limit: '1s' };
    const of = world({}, { jobs: { endless, long: { ...endless, limit: '5m' } } });
    expect((await failureOfRun(await job(of, 'endless'))).message).toContain('limit=1s says=begun');
    const handle = await of.start<JobInput>('job', { job: 'long', reason: '', token: 'k7q2m9xe' });
    await vi.waitFor(() => expect(of.script.journal).toContain('job long as its files say'), 20_000);
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    await nothingLeft(of);
  });

  it('is refused with a value that was never replaced', async () => {
    const create = {
      command: shell('exit 0'),
      env: { MAIL: 'admin@example.com' },
      refuses: ['admin@example.com'],
    };
    const of = world({}, { jobs: { create } });
    expect((await failureOfRun(await job(of, 'create'))).message).toContain(
      'variable=MAIL error="it still has a value that the job refuses"',
    );
  });
});
