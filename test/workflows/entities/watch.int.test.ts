import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import type { ScheduleHandle, WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SteadyError } from '../../../src/contracts/failures.js';
import { applySchedules } from '../../../src/client/schedules.js';
import { startWatch } from '../../../src/client/watch.js';
import { runId, scheduleId, watchEntityId } from '../../../src/contracts/ids.js';
import type { Message } from '../../../src/contracts/runs/message.js';
import { WATCH_QUERY, type WatchInput, type WatchState } from '../../../src/contracts/runs/watch.js';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import { plannedRuns } from '../../../src/contracts/stack/planned.js';
import { serve } from '../../adapters/probes/http-server.js';
import { startRig, type Rig } from '../harness.js';
import { PATIENTLY } from '../patience.js';
import type { World } from '../world.js';

let rig: Rig;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  for (const end of ends) await end();
  await rig.close();
});

interface Watched {
  readonly world: World;
  readonly watch: WorkflowHandle;
  readonly nightly: ScheduleHandle;
  messages(): Message[];
  /** Event, how it stands, title: in order of arrival. */
  told(): string[];
  /** Waits until so many messages of this text have come; gives all so far. */
  until(line: string, times?: number): Promise<string[]>;
}

/** A stack that promises a verified backup every few seconds, watched every second. */
async function watched(input: Partial<WatchInput> = {}): Promise<Watched> {
  const ops = await serve((_request, response) => response.end());
  const world = rig.world({
    file: {
      notify: { ops: { webhook: { url: { env: 'OPS' } } } },
      plans: { nightly: { schedule: '30 3 * * *', stores: ['db'], rpo: '4s' } },
      limits: { watch: '1s', worker: '2s' },
    },
  });
  world.env['OPS'] = ops.url;
  const { client } = rig.steady;
  ends.push(async () => {
    await ops.close();
    for (const { id } of plannedRuns(world.snapshot.stack))
      await client.schedule
        .getHandle(id)
        .delete()
        .catch(() => undefined);
  });
  await applySchedules(rig.steady, world.snapshot);
  const watch = await client.workflow.start('watch', {
    workflowId: watchEntityId(world.stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [{ snapshot: world.snapshot, ...input }],
  });
  const messages = (): Message[] => ops.seen.map((one) => JSON.parse(one.body) as Message);
  const told = (): string[] =>
    messages().map(({ event, state, title }) => `${event} ${state ?? 'once'}: ${title}`);
  return {
    ...{ world, watch, messages, told },
    nightly: client.schedule.getHandle(scheduleId('backup', world.stack, 'nightly')),
    until: (line, times = 1) =>
      vi.waitFor(() => {
        const all = told();
        if (all.filter((one) => one === line).length < times)
          throw new Error(`told so far: ${all.join('; ')}`);
        return all;
      }, PATIENTLY),
  };
}

const LATE = 'db has no verified backup within its RPO of 4s';
const PAUSED = 'the backup of plan nightly is paused';
const GONE = 'nothing starts the backup of plan nightly any more';

describe.concurrent('the watch of a stack', () => {
  it('tells once that an RPO is exceeded while its schedule is paused, and when it is over', async () => {
    const { world, nightly, messages, told, until } = await watched();
    await world.backup();
    await nightly.pause('the disk is full');
    await until(`skipped begun: ${PAUSED}`);
    await until(`rpo begun: ${LATE}`);
    const [paused, late] = ['skipped', 'rpo'].map((event) => messages().find((one) => one.event === event));
    expect(paused?.lines).toEqual([`schedule backup.${world.stack}.nightly: the disk is full`]);
    expect(late?.lines[0]).toMatch(/^newest verified backup: \d{8}T\d{6}Z-\w{8}, \d+s old$/);
    expect(late?.next).toContain('steady backup run db');
    // On a busy machine the next look may come when this one is too old again.
    await vi.waitFor(async () => {
      await world.backup();
      expect(told()).toContain(`rpo over: ${LATE}`);
    }, PATIENTLY);
    await nightly.unpause();
    await until(`skipped over: ${PAUSED}`);
    expect(told().filter((one) => one.includes(PAUSED))).toHaveLength(2);
  });

  it('tells that an RPO is exceeded when somebody has removed the schedule, until it is applied again', async () => {
    const { world, nightly, told, until } = await watched();
    await nightly.delete();
    await until(`skipped begun: ${GONE}`);
    await until(`rpo begun: ${LATE}`);
    await applySchedules(rig.steady, world.snapshot);
    await startWatch(rig.steady, world.snapshot);
    await until(`skipped over: ${GONE}`);
    expect(told().filter((one) => one.startsWith('rpo'))).toEqual([`rpo begun: ${LATE}`]);
  });

  it('tells of a run that no worker takes, again while it lasts, and across its own renewal', async () => {
    const { world, watch, until } = await watched({ maxEvents: 40, againSeconds: 3 });
    const handle = await rig.steady.client.workflow.start('restore', {
      workflowId: runId('restore', world.stack, 'nobody'),
      taskQueue: 'nobody-serves-this',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: defineSearchAttributeKey('SteadyStack', SearchAttributeType.KEYWORD), value: world.stack },
      ]),
    });
    const title = `${handle.workflowId} does not get on`;
    await until(`stuck begun: ${title}`);
    const { runId: first } = await watch.describe();
    await until(`stuck lasting: ${title}`);
    await vi.waitFor(async () => {
      expect((await rig.steady.client.workflow.getHandle(watch.workflowId).describe()).runId).not.toBe(first);
    }, PATIENTLY);
    await handle.terminate();
    const all = await until(`stuck over: ${title}`);
    expect(all.filter((one) => one === `stuck begun: ${title}`)).toHaveLength(1);
  });

  it('says that nobody can tell when storage cannot be listed, and takes nothing that was wrong for mended', async () => {
    const { world, watch, told, until } = await watched();
    await until(`rpo begun: ${LATE}`);
    world.storage.list = () => {
      throw new SteadyError('storage.denied', {}, { retryable: false });
    };
    await until('rpo begun: nobody can tell whether backups are as promised');
    expect(told()).not.toContain(`rpo over: ${LATE}`);
    const state = await watch.query<WatchState>(WATCH_QUERY);
    expect(state.open.map((one) => one.key).sort()).toEqual(['blind', 'rpo.db']);
  });
});
