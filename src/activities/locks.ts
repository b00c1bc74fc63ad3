import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { SteadyError } from '../contracts/failures.js';
import { targetEntityId } from '../contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import {
  FREEZE_UPDATE,
  freezeAt,
  freezeWords,
  LOCK_REQUEST_SIGNAL,
  TARGET_QUERY,
  type Freeze,
  type LockRequest,
  type NotBack,
  type TargetChange,
  type TargetInput,
  type TargetState,
} from '../contracts/runs/locks.js';
import { HOLD_QUERY, type HoldState } from '../contracts/runs/procedures.js';
import { serverNow } from './server-clock.js';
import { askEntity } from './ask-entity.js';
import type { ClaimHolder } from '../contracts/runs/claims.js';

export interface FenceCheck {
  readonly stack: string;
  readonly target: string;
  readonly requestId: string;
  readonly fence: number;
}

/** What entities and holds know, asked on behalf of workflows: one cannot query another, nor start it with a signal. */
export function createLockActivities() {
  return {
    /** Puts a request in the target's queue; the answer comes as a signal. Safe to repeat: requests carry an id. */
    async requestLock(input: { stack: string; site: string; request: LockRequest }): Promise<void> {
      const entity: TargetInput = { stack: input.stack, target: input.request.target, site: input.site };
      await Context.current().client.workflow.signalWithStart('target', {
        workflowId: targetEntityId(input.stack, input.request.target),
        taskQueue: WORKFLOW_TASK_QUEUE,
        args: [entity],
        signal: LOCK_REQUEST_SIGNAL,
        signalArgs: [input.request],
        memo: { stack: input.stack },
      });
    },

    /** Targets that are frozen now, in words. Reading only; what is frozen later is refused with the lock. */
    async frozenTargets(input: { stack: string; targets: readonly string[] }): Promise<string[]> {
      const now = serverNow().getTime();
      const frozen = await ofEach(input.stack, input.targets, (state) => freezeAt(state.frozen, now));
      return Object.entries(frozen).map(([target, freeze]) => `${target} ${freezeWords(freeze)}`);
    },

    /** Nothing may change a target that the run holds until a person has looked. Safe to repeat. */
    async freezeTarget(input: { stack: string; target: string; freeze: Freeze }): Promise<void> {
      await Context.current()
        .client.workflow.getHandle(targetEntityId(input.stack, input.target))
        .executeUpdate(FREEZE_UPDATE, { args: [input.freeze] });
    },

    /** Who last took each target to change it; left out where nobody has. Reading only. */
    async lastChanges(input: {
      stack: string;
      targets: readonly string[];
    }): Promise<Record<string, TargetChange>> {
      return await ofEach(input.stack, input.targets, (state) => state.changed);
    },

    /** Of these stores, those whose data a restore could not put back, and nothing has since. Reading only. */
    async storesNotBack(input: {
      stack: string;
      stores: readonly string[];
    }): Promise<Record<string, NotBack>> {
      return await ofEach(input.stack, input.stores, (state) => state.notBack);
    },

    /** What the hold of a restore says now; left out where there was none. Reading only. */
    async holdState(input: { hold: string }): Promise<{ state?: HoldState }> {
      const state = await askEntity<HoldState>(input.hold, HOLD_QUERY);
      return state === undefined ? {} : { state };
    },

    /** Whether a run is still open; reading only. */
    async isRunning(holder: ClaimHolder): Promise<boolean> {
      return await isRunning(holder);
    },
  };
}

export type LockActivities = ReturnType<typeof createLockActivities>;

/** What each target's entity says of it, in the order asked; without those that say nothing, or were never taken. */
async function ofEach<T>(
  stack: string,
  targets: readonly string[],
  pick: (state: TargetState) => T | undefined,
): Promise<Record<string, T>> {
  const found = await Promise.all(
    targets.map(async (target) => {
      const state = await askEntity<TargetState>(targetEntityId(stack, target), TARGET_QUERY);
      const picked = state && pick(state);
      return picked === undefined ? [] : [[target, picked] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

export async function isRunning(holder: ClaimHolder): Promise<boolean> {
  try {
    const handle = Context.current().client.workflow.getHandle(holder.workflowId, holder.runId);
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/**
 * Fails with `target.fenced` when the run no longer holds the target under this grant. Called by every activity
 * right before it changes a target.
 */
export async function assertHeld(checks: readonly FenceCheck[]): Promise<void> {
  for (const check of checks) {
    const handle = Context.current().client.workflow.getHandle(targetEntityId(check.stack, check.target));
    const state = await handle.query<TargetState>(TARGET_QUERY);
    const held = state.holders.some((one) => one.requestId === check.requestId && one.fence === check.fence);
    if (!held) throw new SteadyError('target.fenced', { target: check.target, fence: check.fence });
  }
}
