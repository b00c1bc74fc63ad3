import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askedBy, decide } from '../../src/client/approvals.js';
import { resultOf } from '../../src/client/outcome.js';
import { untoldLines } from '../../src/client/untold.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { ROLES } from '../../src/contracts/names.js';
import type { Message } from '../../src/contracts/runs/message.js';
import type { BackupInput, BackupResult } from '../../src/contracts/runs/procedures.js';
import { serve, type TestServer } from '../adapters/probes/http-server.js';
import { startRig, type Rig } from './harness.js';
import { PATIENTLY } from './patience.js';
import { approver, person } from './people.js';
import { failureOfRun, type World, type WorldOptions } from './world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
const receivers: TestServer[] = [];
afterAll(async () => {
  await rig.close();
  for (const receiver of receivers) await receiver.close();
});

interface Channel {
  readonly server: TestServer;
  /** Events and titles, in order of arrival. */
  heard(): string[];
  message(event: string): Promise<Message>;
}

/** A stack whose channels are real receivers on this machine, each with its answer. */
async function telling(
  channels: Record<
    string,
    { readonly channel?: object; readonly on?: string[]; readonly answer?: (time: number) => number }
  >,
  options: WorldOptions = {},
  site = rig,
): Promise<{ world: World; channels: Record<string, Channel> }> {
  const made: Record<string, Channel> = {};
  const env: Record<string, string> = {};
  const notify: Record<string, object> = {};
  for (const [name, { channel, on, answer }] of Object.entries(channels)) {
    let time = 0;
    const server = await serve((_request, response) => response.writeHead(answer?.(++time) ?? 200).end());
    receivers.push(server);
    const url = { env: `URL_OF_${name}` };
    env[url.env] = `${server.url}/token-of-${name}`;
    notify[name] = channel ? { heartbeat: { url, ...channel } } : { webhook: { url }, ...(on && { on }) };
    const messages = (): Message[] => server.seen.map((one) => JSON.parse(one.body) as Message);
    made[name] = {
      server,
      heard: () =>
        messages().map((one) => `${one.event}: ${one.title.replaceAll(/s-[0-9a-f]{8}/g, 'STACK')}`),
      message: (event) =>
        vi.waitFor(() => {
          const found = messages().find((one) => one.event === event);
          if (found === undefined) throw new Error(`no ${event} yet: ${made[name]?.heard().join(', ')}`);
          return found;
        }, PATIENTLY),
    };
  }
  const world = site.world({ ...options, file: { ...options.file, notify } });
  Object.assign(world.env, env);
  return { world, channels: made };
}

const nightly = { schedule: '30 3 * * *', stores: ['db'] };

/** The tellings of a stack, once none is open any more. */
async function allTold(world: World): Promise<number> {
  return await vi.waitFor(async () => {
    let count = 0;
    const query = `WorkflowType = "notify" AND SteadyStack = "${world.stack}"`;
    for await (const { status } of rig.steady.client.workflow.list({ query })) {
      if (status.name === 'RUNNING') throw new Error('one is still told');
      count++;
    }
    return count;
  }, PATIENTLY);
}

// They wait for each other's timers, mostly.
describe.concurrent('a run that fails', () => {
  it('is told once to each channel that listens, with what failed and what to do; its end waits for none of them', async () => {
    const { world, channels } = await telling({
      ops: {},
      dead: { answer: (time) => (time <= 2 ? 503 : 200) },
      quiet: { on: ['done'] },
    });
    world.script.fail('dump db', 'tool.failed', { tool: 'pg_dump' });
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    expect((await failureOfRun(handle)).code).toBe('backup.failed');
    expect(channels['dead']?.server.seen.length).toBeLessThan(3);

    const message = await channels['ops']?.message('failed');
    const { runId } = await handle.describe();
    expect(message).toMatchObject({
      version: 1,
      id: `${runId}.ended`,
      stack: world.stack,
      title: `backup of ${world.stack} failed`,
      next: [`steady show ${handle.workflowId}`],
      run: { workflowId: handle.workflowId, runId, procedure: 'backup', by: 'tester', outcome: 'failed' },
      failure: {
        code: 'backup.failed',
        hint: 'Other stores are not affected. Mend what is named, then run `steady backup run`.',
      },
    });
    expect(message?.lines.join('\n')).toContain('✗ Back up db: a tool failed [phase="dump db" tool=pg_dump]');
    // It did not answer twice; then it has the same message as the others, once taken.
    await vi.waitFor(() => expect(channels['dead']?.heard()).toHaveLength(3), PATIENTLY);
    expect(await allTold(world)).toBe(1);
    expect(channels['ops']?.heard()).toEqual(['failed: backup of STACK failed']);
    expect(channels['quiet']?.heard()).toEqual([]);
  });

  it('because of a proof is told as that; one that ends well only to who asked for it, with the head of the records', async () => {
    const { world, channels } = await telling({ proofs: { on: ['proof'] }, all: { on: ['done', 'failed'] } });
    await world.backup();
    const done = await channels['all']?.message('done');
    expect(done?.lines[0]).toMatch(/^Back up db: \d{8}T\d{6}Z-\w{8}, readable$/);
    expect(channels['proofs']?.heard()).toEqual([]);
    await vi.waitFor(async () => expect(await world.keys('records/')).toHaveLength(1), PATIENTLY);

    world.script.fail('readable db', 'stream.corrupt');
    await failureOfRun(await world.start<BackupInput>('backup', { stores: ['db'] }));
    const failed = await channels['proofs']?.message('proof');
    expect(failed?.title).toBe(`backup of ${world.stack} failed: a proof did not pass`);
    expect(failed?.records).toMatchObject({
      number: expect.any(Number) as number,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    await allTold(world);
    expect(channels['all']?.heard()).toEqual([
      'done: backup of STACK done',
      'proof: backup of STACK failed: a proof did not pass',
    ]);
  });

  it('that was cancelled is told too; who was not reached is seen, without the address', async () => {
    const { world, channels } = await telling({ ops: {}, moved: { answer: () => 410 } });
    const gate = world.script.gate('dump db');
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    await gate.reached;
    await handle.cancel();
    await failureOfRun(handle);
    expect((await channels['ops']?.message('failed'))?.run?.outcome).toBe('cancelled');
    await allTold(world);
    const untold = await untoldLines(rig.steady, world.stack);
    expect(untold).toMatchObject([
      {
        trying: false,
        words: [
          expect.stringMatching(
            /^a receiver refused the message \[channel=moved host=127.0.0.1:\d+ status=410\]$/,
          ),
        ],
      },
    ]);
    expect(await world.steps(rig.steady.client.workflow.getHandle(untold[0]?.run ?? ''))).toEqual([
      'Tell ops',
      '✗ Tell moved',
    ]);
    const history = JSON.stringify(
      await rig.steady.client.workflow.getHandle(untold[0]?.run ?? '').fetchHistory(),
    );
    expect(history).not.toContain('token-of-');
  });
});

it.concurrent(
  'a restore tells who has to approve, until when and how; and before it stops anything, that it begins',
  async () => {
    const { world, channels } = await telling(
      { approvers: { on: ['approval'] }, stakeholders: { on: ['notice'] } },
      {
        services: { api: ['db'] },
        file: {
          approvers: [approver('ana', 'owner'), approver('ben', 'owner')],
          approvals: { restore: { from: 'owner' } },
        },
      },
    );
    await world.backup();
    const gate = world.script.gate('load db');
    const handle = await world.restore({ asked: person('ana') });
    const asked = await channels['approvers']?.message('approval');
    const shown = await askedBy(handle);
    if (shown === undefined) throw new Error('nothing is asked');
    expect(asked).toMatchObject({
      title: `approval asked: Restore db of ${world.stack}`,
      asked: { from: 'owner', count: 1, of: ['ben'], until: shown.proposal.expiresAt, digest: shown.digest },
      next: ['show', 'approve', 'deny'].map((verb) => `steady ${verb} ${handle.workflowId}`),
      run: { by: 'ana' },
    });
    expect(asked?.lines).toContain('stop api');
    expect(channels['stakeholders']?.heard()).toEqual([]);

    await decide(handle, { identity: person('ben'), shown, decision: 'approve', reason: '' });
    await gate.reached;
    const notice = await channels['stakeholders']?.message('notice');
    expect([notice?.title, notice?.lines[0]]).toEqual(['restore of db begins', 'stops meanwhile: api']);
    expect(world.services.get('api')).toBe('running');
    gate.open();
    await resultOf(handle);
    await allTold(world);
    expect(channels['approvers']?.heard()).toHaveLength(1);
  },
);

it.concurrent(
  'with all workers of the site gone a heartbeat stays silent; what there was to tell is told when one is back',
  async () => {
    const alone = await startRig({ roles: [] });
    const { world, channels } = await telling(
      { outside: { channel: {} }, ops: {} },
      { file: { plans: { nightly }, limits: { worker: '1s' } } },
      alone,
    );
    const handle = await world.start<BackupInput>('backup', { stores: ['db'], plan: 'nightly' });
    expect((await failureOfRun(handle)).code).toBe('worker.absent');
    expect([channels['ops'], channels['outside']].map((one) => one?.server.seen.length)).toEqual([0, 0]);
    await alone.serve(ROLES);
    expect((await channels['ops']?.message('failed'))?.failure?.code).toBe('worker.absent');
    expect(channels['outside']?.server.seen).toEqual([]);
    await alone.close();
  },
);

it.concurrent('a heartbeat is called after a verified set of its plan, and after nothing less', async () => {
  const plans = { nightly, hourly: { schedule: '5 * * * *', stores: ['db'], verify: 'stored' } };
  const { world, channels } = await telling(
    { any: { channel: {} }, hourly: { channel: { plan: 'hourly' } } },
    { file: { plans } },
  );
  const calls = (): number[] => ['any', 'hourly'].map((name) => channels[name]?.server.seen.length ?? 0);
  await world.backup({ plan: 'hourly' });
  await world.backup();
  world.script.on('readable db', ({ time }) => {
    // Of the plan's first run, not of its second.
    if (time === 2) throw new SteadyError('stream.corrupt');
  });
  await failureOfRun(await world.start<BackupInput>('backup', { stores: ['db'], plan: 'nightly' }));
  expect(calls()).toEqual([0, 0]);
  await world.backup({ plan: 'nightly' });
  await vi.waitFor(() => expect(calls()).toEqual([1, 0]), PATIENTLY);
  expect(await allTold(world)).toBe(1);
});

it.concurrent('a backup that shrank sharply is told at once although its run ends well', async () => {
  const { world, channels } = await telling({ ops: {} }, { stores: { db: { live: 'x'.repeat(200_000) } } });
  const { db: whole } = await world.backup();
  world.data('db').live = 'y'.repeat(50_000);
  const gate = world.script.gate('readable db');
  const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
  await gate.reached;
  const message = await channels['ops']?.message('suspect');
  gate.open();
  const { stores } = await resultOf<BackupResult>(handle);
  const small = stores[0]?.backupId ?? '';
  expect(message).toMatchObject({
    title: 'the backup of db is sharply smaller than the last one',
    lines: [
      `${small}: 50000 bytes after 200000 (${whole})`,
      'was something lost before it? It counts for nothing until somebody accepts it',
    ],
    next: [`steady backup show ${small}`, `steady backup accept ${small}`],
    run: { workflowId: handle.workflowId, procedure: 'backup', by: 'tester' },
  });
  expect(await allTold(world)).toBe(1);
});
