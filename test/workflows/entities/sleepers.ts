import type { WorkflowHandle } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import { LOCK_ANSWER_SIGNAL, type LockAnswer } from '../../../src/contracts/runs/locks.js';
import type { HoldInput } from '../../../src/contracts/runs/procedures.js';
import type { Rig } from '../harness.js';
import type { World } from '../world.js';

/** A run that only is there: entities ask whether it is open, and tell it things. */
export interface Sleeper {
  readonly workflowId: string;
  readonly runId: string;
  readonly handle: WorkflowHandle;
  /** What target entities have told it, in order. */
  answers(): Promise<LockAnswer[]>;
}

export async function sleeper(rig: Rig, world: World): Promise<Sleeper> {
  // A hold waits for its time and takes every signal; this one is never over.
  const workflowId = `hold.${world.stack}.${randomBytes(4).toString('hex')}`;
  const input: HoldInput = {
    version: 1,
    snapshot: world.snapshot,
    by: { name: 'tester' },
    restore: '',
    stores: [],
    of: [],
    token: '',
    at: '',
    mode: 'beside',
    seconds: 86_400,
    undone: [],
  };
  const handle = await rig.steady.client.workflow.start('hold', {
    workflowId,
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [input],
    // Ends also when a test fails.
    workflowExecutionTimeout: '2m',
  });
  return {
    workflowId,
    runId: handle.firstExecutionRunId,
    handle,
    async answers() {
      const { events } = await handle.fetchHistory();
      return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
        const data =
          signal?.signalName === LOCK_ANSWER_SIGNAL ? signal.input?.payloads?.[0]?.data : undefined;
        return data ? [JSON.parse(Buffer.from(data).toString()) as LockAnswer] : [];
      });
    },
  };
}
