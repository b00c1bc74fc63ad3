import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import { taskQueue } from '../../contracts/names.js';
import type { Message, NotifyInput, Told } from '../../contracts/runs/message.js';
import { HEARTBEAT_SECONDS } from '../shared/activities.js';
import { mark } from '../shared/attributes.js';
import { failureOf } from '../shared/failures.js';

/** How long a receiver that does not answer is tried. */
const PATIENCE = '24h';
/** A heartbeat that is late would say that all is well now. */
const HEARTBEAT_PATIENCE = '1h';

/**
 * Tells one event on its channels, each by itself: one that is away holds up no other, and no run waits for any of them.
 * Ends with who was reached.
 */
export async function notify(input: NotifyInput): Promise<Told[]> {
  const { stack } = input.snapshot.stack;
  mark('SteadyStack', stack);
  mark('SteadyProcedure', 'notify');
  const message = await withRecords(input);
  const told = await Promise.all(
    input.channels.map(async (channel): Promise<Told> => {
      try {
        const words = await delivery(input).deliver({ snapshot: input.snapshot, channel, message });
        return { channel, reached: true, words };
      } catch (error) {
        const { message: words } = failureOf(error);
        return { channel, reached: false, words };
      }
    }),
  );
  mark('SteadyOutcome', told.every((one) => one.reached) ? 'done' : 'failed');
  return told;
}

function delivery({ snapshot, message }: NotifyInput): Pick<Activities['quick'], 'deliver'> {
  // Whoever tests sits and waits.
  const test = message.event === 'test';
  const patience = message.event === 'verified' ? HEARTBEAT_PATIENCE : PATIENCE;
  return proxyActivities<Activities['quick']>({
    taskQueue: taskQueue(snapshot.stack.site, 'quick'),
    scheduleToCloseTimeout: test ? `${2 * snapshot.stack.limits.worker}s` : patience,
    startToCloseTimeout: '60s',
    heartbeatTimeout: HEARTBEAT_SECONDS * 1000,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '5m',
      ...(test && { maximumAttempts: 2 }),
    },
  });
}

/** With the head of the chain of records, where it is told at once: it is no reason to be late. */
async function withRecords({ snapshot, message }: NotifyInput): Promise<Message> {
  const { stack, site } = snapshot.stack;
  if (message.event === 'verified' || message.event === 'test') return message;
  const { ledgerHead } = proxyActivities<Activities['quick']>({
    taskQueue: taskQueue(site, 'quick'),
    scheduleToCloseTimeout: '15s',
    retry: { maximumAttempts: 2 },
  });
  const records = await ledgerHead(stack).catch(() => null);
  return records === null ? message : { ...message, records };
}
