import { Context } from '@temporalio/activity';
import { SteadyError } from '../contracts/failures.js';
import type { Message } from '../contracts/runs/message.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Ports } from './ports.js';

/** What a person mends on the worker's machine within the day: the message is not given up meanwhile. */
const MENDED_LATER = ['secret.missing', 'tool.missing'];

/** Telling people, on the role that is never stuck behind transfers. */
export function createNotifyActivities(ports: Ports) {
  return {
    /**
     * Hands a message to one channel; gives what the receiver answered. Run again when the worker died before it could
     * say so, the receiver gets the same once more, under the same id.
     */
    async deliver(input: { snapshot: StackSnapshot; channel: string; message: Message }): Promise<string> {
      const { channel } = input;
      try {
        const notifier = await ports.notifier(input.snapshot, channel);
        return await notifier.send(input.message, Context.current().cancellationSignal);
      } catch (error) {
        if (!(error instanceof SteadyError)) throw error;
        const retryable = error.retryable || MENDED_LATER.includes(error.code);
        throw new SteadyError(error.code, { channel, ...error.facts }, { retryable });
      }
    },
  };
}
export type NotifyActivities = ReturnType<typeof createNotifyActivities>;
