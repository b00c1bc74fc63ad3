import {
  CancellationScope,
  ParentClosePolicy,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { runId } from '../../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../contracts/names.js';
import type { Message } from '../../contracts/runs/message.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { channelsFor } from '../../contracts/stack/notify.js';
import type { notify } from '../notify/notify.js';

export type Telling = Pick<Message, 'id' | 'event' | 'title'> &
  Partial<Omit<Message, 'version' | 'stack' | 'at'>>;

interface TellOptions {
  /** Of a set: whose it is. */
  readonly plan?: string | undefined;
}

/**
 * Tells the channels that are told of such an event, by a run of its own that outlives this one: nobody waits for a
 * receiver. One id is told once, whoever tells it again; also by a run that is being cancelled. Nothing where no channel
 * listens.
 */
export async function tell(input: RunInput, telling: Telling, options: TellOptions = {}): Promise<void> {
  const { stack } = input.snapshot;
  const channels = channelsFor(stack, telling.event, options.plan);
  if (channels.length === 0) return;
  const message: Message = {
    version: 1,
    stack: stack.stack,
    at: new Date().toISOString(),
    lines: [],
    next: [],
    ...telling,
  };
  await CancellationScope.nonCancellable(async () => {
    try {
      await startChild<typeof notify>('notify', {
        workflowId: runId('notify', stack.stack, message.id),
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        taskQueue: WORKFLOW_TASK_QUEUE,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args: [{ version: 1, snapshot: input.snapshot, by: input.by, message, channels }],
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  });
}
