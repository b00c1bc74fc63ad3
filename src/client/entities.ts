import { WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { ledgerEntityId, storageEntityId, targetEntityId } from '../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import {
  APPLIED_UPDATE,
  STORAGE_QUERY,
  type ApplyRequest,
  type StorageInput,
  type StorageState,
} from '../contracts/runs/claims.js';
import { LEDGER_QUERY, type LedgerState } from '../contracts/runs/ledger.js';
import {
  freezeAt,
  ACCEPT_UPDATE,
  FREEZE_UPDATE,
  TARGET_QUERY,
  THAW_UPDATE,
  type Accepted,
  type Freeze,
  type TargetInput,
  type TargetState,
} from '../contracts/runs/locks.js';
import type { Steady } from './connect.js';
import { askWorker } from './reach.js';

interface At {
  readonly stack: string;
  readonly site: string;
}

/** What an entity answers, or undefined when it has never been started. */
async function ask<T>(steady: Steady, workflowId: string, query: string): Promise<T | undefined> {
  try {
    return await askWorker(steady, workflowId, () =>
      steady.client.workflow.getHandle(workflowId).query<T>(query),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

export async function targetState(steady: Steady, at: At, target: string): Promise<TargetState | undefined> {
  const state = await ask<TargetState>(steady, targetEntityId(at.stack, target), TARGET_QUERY);
  // The entity sleeps: that the time of a freeze is over it knows when somebody asks for the target.
  return state && { ...state, frozen: freezeAt(state.frozen, Date.now()) };
}

export const storageState = (steady: Steady, at: At): Promise<StorageState | undefined> =>
  ask<StorageState>(steady, storageEntityId(at.stack), STORAGE_QUERY);

export const ledgerState = (steady: Steady, at: At): Promise<LedgerState | undefined> =>
  ask<LedgerState>(steady, ledgerEntityId(at.stack), LEDGER_QUERY);

/** No run may change the target until it is thawed; backups and proofs go on. */
export async function freeze(steady: Steady, at: At, target: string, freeze: Freeze): Promise<TargetState> {
  return await updateTarget<TargetState>(steady, at, target, FREEZE_UPDATE, [freeze]);
}

export async function thaw(steady: Steady, at: At, target: string): Promise<TargetState> {
  return await updateTarget<TargetState>(steady, at, target, THAW_UPDATE, []);
}

/** The data of a store are in order, although a restore could not put them back: a person has seen to it. */
export async function acceptData(
  steady: Steady,
  at: At,
  target: string,
  accepted: Accepted,
): Promise<TargetState> {
  return await updateTarget<TargetState>(steady, at, target, ACCEPT_UPDATE, [accepted]);
}

async function updateTarget<T>(
  steady: Steady,
  at: At,
  target: string,
  update: string,
  args: unknown[],
): Promise<T> {
  const input: TargetInput = { stack: at.stack, site: at.site, target };
  return await askWorker(steady, targetEntityId(at.stack, target), () =>
    steady.client.workflow.executeUpdateWithStart<(input: TargetInput) => Promise<void>, T, unknown[]>(
      update,
      {
        args,
        startWorkflowOperation: new WithStartWorkflowOperation('target', {
          workflowId: targetEntityId(at.stack, target),
          taskQueue: WORKFLOW_TASK_QUEUE,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      },
    ),
  );
}

/** Remembers which stack file is applied, so that `status` can say when the file differs, and has its text kept in storage. */
export async function rememberApplied(steady: Steady, at: At, applied: ApplyRequest): Promise<void> {
  const input: StorageInput = { stack: at.stack, site: at.site };
  await askWorker(steady, storageEntityId(at.stack), () =>
    steady.client.workflow.executeUpdateWithStart<
      (input: StorageInput) => Promise<void>,
      void,
      [ApplyRequest]
    >(APPLIED_UPDATE, {
      args: [applied],
      startWorkflowOperation: new WithStartWorkflowOperation('storage', {
        workflowId: storageEntityId(at.stack),
        taskQueue: WORKFLOW_TASK_QUEUE,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    }),
  );
}

/** Starts the entity that knows what is applied, and asks it: throws `worker.absent` before anything is changed. */
export async function requireWorker(steady: Steady, at: At): Promise<void> {
  const input: StorageInput = { stack: at.stack, site: at.site };
  const handle = await steady.client.workflow.start('storage', {
    workflowId: storageEntityId(at.stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  await askWorker(steady, handle.workflowId, () => handle.query(STORAGE_QUERY));
}
