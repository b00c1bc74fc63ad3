import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import { taskQueue } from '../../contracts/names.js';
import type { Message, NotifyInput, Told } from '../../contracts/runs/message.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { HEARTBEAT_SECONDS } from '../shared/activities.js';
import { mark } from '../shared/attributes.js';
import { failureOf, isOwnCancellation } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';

/** How long a receiver that does not answer is tried. */
const PATIENCE = '24h';
/** Longer than any patience: each channel has its own. */
const LIMIT_SECONDS = 25 * 3600;
/** A heartbeat that is late would say that all is well now. */
const HEARTBEAT_PATIENCE = '1h';

/**
 * Tells one event on its channels, each by itself: one that is away holds up no other, and no run waits for any of them.
 * Ends with who was reached.
 */
export async function notify(input: NotifyInput): Promise<Told[]> {
  const options = { procedure: 'notify', limitSeconds: LIMIT_SECONDS, record: false } as const;
  const told = await runProcedure(input, options, async (run) => {
    const message = await withRecords(input);
    return await Promise.all(input.channels.map((channel) => tellOne(run, input, { channel, message })));
  });
  // By this it is found, and not by a failure: the others were reached.
  if (!told.every((one) => one.reached)) mark('SteadyOutcome', 'failed');
  return told;
}

async function tellOne(
  run: Run,
  { snapshot }: NotifyInput,
  of: { readonly channel: string; readonly message: Message },
): Promise<Told> {
  const { channel } = of;
  try {
    const words = await run.step(`Tell ${channel}`, async (note) => {
      const answered = await delivery(snapshot, of.message).deliver({ snapshot, ...of });
      note(answered);
      return answered;
    });
    return { channel, reached: true, words };
  } catch (error) {
    if (isOwnCancellation(error)) throw error;
    return { channel, reached: false, words: failureOf(error).message };
  }
}

function delivery(snapshot: StackSnapshot, message: Message): Pick<Activities['quick'], 'deliver'> {
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
