import type { ScheduleHandle, WorkflowHandle } from '@temporalio/client';
import { expect, vi } from 'vitest';
import { applySchedules } from '../../../src/client/schedules.js';
import { scheduleId, watchEntityId } from '../../../src/contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import type { Message } from '../../../src/contracts/runs/message.js';
import { WATCH_QUERY, type WatchInput, type WatchState } from '../../../src/contracts/runs/watch.js';
import { plannedRuns } from '../../../src/contracts/stack/planned.js';
import { serve } from '../../adapters/probes/http-server.js';
import { startRig, type Rig } from '../harness.js';
import { PATIENTLY } from '../patience.js';
import type { World, WorldOptions } from '../world.js';

export interface Watched {
  readonly world: World;
  readonly watch: WorkflowHandle;
  readonly nightly: ScheduleHandle;
  messages(): Message[];
  /** Event, how it stands, title: in order of arrival. */
  told(): string[];
  /** Waits until so many messages of this text have come; gives all so far. */
  until(line: string, times?: number): Promise<string[]>;
  /** Waits until a look has ended that began from now on. */
  looked(): Promise<void>;
  /** Waits until the watch has continued as new. */
  renewed(): Promise<void>;
}

export interface WatchedOptions extends Partial<WatchInput>, Pick<WorldOptions, 'services' | 'storage'> {
  /** Left out: longer than any test. */
  readonly rpo?: string;
  /** Done before the watch looks for the first time. */
  readonly first?: (world: World) => Promise<unknown>;
}

/** Stacks that are watched every second, each with a channel; of one rig. */
export interface Watching {
  readonly rig: Rig;
  watched(options?: WatchedOptions): Promise<Watched>;
  close(): Promise<void>;
}

export async function startWatching(): Promise<Watching> {
  const rig = await startRig();
  const { client } = rig.steady;
  const ends: (() => Promise<unknown>)[] = [];

  async function watched(options: WatchedOptions = {}): Promise<Watched> {
    const { rpo = '26h', services, storage, first, ...input } = options;
    const ops = await serve((_request, response) => response.end());
    const world = rig.world({
      ...(services && { services }),
      ...(storage && { storage }),
      file: {
        notify: { ops: { webhook: { url: { env: 'OPS' } } } },
        plans: { nightly: { schedule: '30 3 * * *', stores: ['db'], rpo } },
        limits: { watch: '1s', worker: '2s' },
      },
    });
    world.env['OPS'] = ops.url;
    ends.push(async () => {
      await ops.close();
      for (const { id } of plannedRuns(world.snapshot.stack))
        await client.schedule
          .getHandle(id)
          .delete()
          .catch(() => undefined);
    });
    await applySchedules(rig.steady, world.snapshot);
    await first?.(world);
    const watch = await client.workflow.start('watch', {
      workflowId: watchEntityId(world.stack),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [{ snapshot: world.snapshot, ...input }],
    });
    const messages = (): Message[] => ops.seen.map((one) => JSON.parse(one.body) as Message);
    const told = (): string[] =>
      messages().map(({ event, state, title }) => `${event} ${state ?? 'once'}: ${title}`);
    const newest = client.workflow.getHandle(watch.workflowId);
    const current = async (): Promise<string> => (await newest.describe()).runId;
    const lookedAt = async () => (await newest.query<WatchState>(WATCH_QUERY)).lookedAt;
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
      async looked() {
        // The first one that ends may have begun before.
        for (const _ of [1, 2]) {
          const last = await lookedAt();
          await vi.waitFor(async () => expect(await lookedAt()).not.toBe(last), PATIENTLY);
        }
      },
      async renewed() {
        const before = await current();
        await vi.waitFor(async () => expect(await current()).not.toBe(before), PATIENTLY);
      },
    };
  }

  return {
    rig,
    watched,
    async close() {
      for (const end of ends) await end();
      await rig.close();
    },
  };
}
