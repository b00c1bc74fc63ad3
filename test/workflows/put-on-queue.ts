import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { vi } from 'vitest';
import type { Steady } from '../../src/client/connect.js';
import { PATIENTLY } from './patience.js';

/**
 * Puts activities on a task queue as somebody does who reaches Temporal and has no code of ours: as the worker of a
 * workflow of their own, by the raw protocol.
 *
 * @returns how each ended, in the order of the names; an empty text for one that was carried out
 */
export async function putOnQueue(
  { client, namespace }: Steady,
  queue: string,
  names: readonly string[],
  input: unknown,
): Promise<string[]> {
  const service = client.connection.workflowService;
  const own = `stranger-${randomBytes(4).toString('hex')}`;
  const handle = await client.workflow.start('stranger', { taskQueue: own, workflowId: own });
  // The server refuses a long poll that says no deadline.
  const task = await client.connection.withDeadline(Date.now() + PATIENTLY.timeout, () =>
    service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: own }, identity: own }),
  );
  const seconds = (of: number) => ({ seconds: of as never });
  const payloads = [defaultPayloadConverter.toPayload(input)];
  const commands = names.map((name, at) => ({
    // COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
    commandType: 1,
    scheduleActivityTaskCommandAttributes: {
      activityId: `${at}`,
      activityType: { name },
      taskQueue: { name: queue },
      input: { payloads },
      scheduleToCloseTimeout: seconds(60),
      startToCloseTimeout: seconds(60),
      retryPolicy: { maximumAttempts: 1 },
    },
  }));
  await service.respondWorkflowTaskCompleted({
    namespace,
    taskToken: task.taskToken,
    identity: own,
    commands,
  });
  try {
    return await vi.waitFor(async () => {
      const { events } = await handle.fetchHistory();
      const ends = new Map<number, string>();
      for (const event of events ?? []) {
        const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
        const ended = failed ?? event.activityTaskCompletedEventAttributes;
        const scheduled = events?.find(({ eventId }) => String(eventId) === String(ended?.scheduledEventId));
        const id = scheduled?.activityTaskScheduledEventAttributes?.activityId;
        if (ended && id) ends.set(Number(id), failed?.failure?.message ?? '');
      }
      if (ends.size < names.length) throw new Error(`${ends.size} of ${names.length} have ended`);
      return names.map((_, at) => ends.get(at) ?? '');
    }, PATIENTLY);
  } finally {
    await handle.terminate();
  }
}
