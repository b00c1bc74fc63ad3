import { Context } from '@temporalio/activity';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { SteadyError } from '../contracts/failures.js';
import { storageEntityId } from '../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import {
  BEGIN_DELETE_UPDATE,
  CLAIM_UPDATE,
  END_DELETE_UPDATE,
  FAILED_SIGNAL,
  STORAGE_QUERY,
  UNCLAIM_UPDATE,
  type BackupRef,
  type ClaimHolder,
  type ClaimRequest,
  type DeletePermit,
  type FailedSignal,
  type StorageInput,
  type StorageState,
} from '../contracts/runs/claims.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';

interface At {
  readonly stack: string;
  readonly site: string;
}

/** Claims keep a backup from prune while something reads it. All are safe to repeat: the holder is the key. */
export function createClaimActivities() {
  return {
    /** Fails with `backup.claimed` when one of them is being deleted. */
    claimBackups: (at: At, request: ClaimRequest): Promise<void> =>
      askStorage(at, CLAIM_UPDATE, { ...request, site: at.site }),
    unclaimBackups: (at: At, holder: ClaimHolder): Promise<void> => askStorage(at, UNCLAIM_UPDATE, holder),
    beginDelete: (at: At, request: ClaimRequest): Promise<DeletePermit> =>
      askStorage(at, BEGIN_DELETE_UPDATE, { ...request, site: at.site }),
    endDelete: (at: At, holder: ClaimHolder): Promise<void> => askStorage(at, END_DELETE_UPDATE, holder),
  };
}
export type ClaimActivities = ReturnType<typeof createClaimActivities>;

/** Fails with `target.fenced` when the run no longer has the permit to delete this backup. */
export async function assertMayDelete(stack: string, backup: BackupRef, holder: ClaimHolder): Promise<void> {
  const handle = Context.current().client.workflow.getHandle(storageEntityId(stack));
  const { deleting } = await handle.query<StorageState>(STORAGE_QUERY);
  const held = deleting.some(
    (one) =>
      one.store === backup.store &&
      one.id === backup.id &&
      one.workflowId === holder.workflowId &&
      one.runId === holder.runId,
  );
  if (!held) throw new SteadyError('target.fenced', { store: backup.store, id: backup.id });
}

/** Tells the entity of an attempt that has failed, so that what it stored goes. The sweep finds what is not told. */
export async function tellFailedAttempt(snapshot: StackSnapshot, backup: BackupRef): Promise<void> {
  const { stack, site } = snapshot.stack;
  const told: FailedSignal = { snapshot, attempt: { ...backup, at: new Date().toISOString() } };
  const input: StorageInput = { stack, site };
  await Context.current().client.workflow.signalWithStart('storage', {
    workflowId: storageEntityId(stack),
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [input],
    signal: FAILED_SIGNAL,
    signalArgs: [told],
  });
}

/** Updates the entity `storage.<stack>`, which is started where it does not run. */
export async function askStorage<T>(at: At, update: string, argument: unknown): Promise<T> {
  const input: StorageInput = { stack: at.stack, site: at.site };
  return await Context.current().client.workflow.executeUpdateWithStart<
    (input: StorageInput) => Promise<void>,
    T,
    [unknown]
  >(update, {
    args: [argument],
    startWorkflowOperation: new WithStartWorkflowOperation('storage', {
      workflowId: storageEntityId(at.stack),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
    }),
  });
}
