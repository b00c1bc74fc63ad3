import {
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import { targetEntityId } from '../../contracts/ids.js';
import {
  LOCK_ANSWER_SIGNAL,
  LOCK_RELEASE_SIGNAL,
  NOT_BACK_SIGNAL,
  type LockAnswer,
  type LockRequest,
  type NotBack,
  type TargetChange,
} from '../../contracts/runs/locks.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { fail } from './failures.js';

export interface Held {
  readonly stack: string;
  readonly target: string;
  readonly requestId: string;
  readonly fence: number;
}

export type TakeOptions = Pick<LockRequest, 'mode' | 'priority' | 'purpose' | 'reads'>;

export interface Locks {
  /** Takes targets in sorted order, so that two runs never wait for each other. */
  take(targets: readonly string[], options: TakeOptions | ((target: string) => TakeOptions)): Promise<void>;
  /** The grant for a target, for activities that check it before they change anything. */
  held(target: string): Held;
  /** Who last changed a target before it was taken. */
  changedBefore(target: string): TargetChange | undefined;
  /** Writes down at a target that is held that its data are not back (undefined: they are); whoever holds it next can ask. */
  setNotBack(target: string, notBack: NotBack | undefined): Promise<void>;
  /** The same for how it has ended, which is so whoever could not be told. Never throws. */
  settleNotBack(target: string, notBack: NotBack | undefined): Promise<void>;
  /** `untouched`: this run has changed none of them, so it is not the one that did last. */
  releaseAll(options?: { readonly untouched?: boolean }): Promise<void>;
}

const answerSignal = defineSignal<[LockAnswer]>(LOCK_ANSWER_SIGNAL);
const notBackSignal = defineSignal<[NotBack | null]>(NOT_BACK_SIGNAL);
const releaseSignal = defineSignal<[string, boolean?]>(LOCK_RELEASE_SIGNAL);

export function createLocks(
  input: RunInput,
  quick: Activities['quick'],
  waiting: (words: string | undefined) => void,
): Locks {
  const { stack, site, limits } = input.snapshot.stack;
  const answers = new Map<string, LockAnswer>();
  const asked = new Map<string, LockRequest>();
  setHandler(answerSignal, (answer) => {
    answers.set(answer.requestId, answer);
    if (answer.state === 'waiting') waiting(`${answer.target}: ${answer.words ?? 'held by another run'}`);
  });

  const answerOf = (target: string): LockAnswer | undefined => {
    const request = asked.get(target);
    return request && answers.get(request.requestId);
  };

  const takeOne = async (target: string, options: TakeOptions): Promise<void> => {
    const { workflowId, runId } = workflowInfo();
    const request: LockRequest = { requestId: uuid4(), workflowId, runId, target, site, ...options };
    asked.set(target, request);
    await quick.requestLock({ stack, site, request });
    const settled = await condition(() => {
      const state = answers.get(request.requestId)?.state;
      return state === 'granted' || state === 'refused';
    }, limits.lock * 1000);
    const answer = answers.get(request.requestId);
    waiting(undefined);
    if (answer?.state === 'refused') throw fail('target.frozen', { target, why: answer.words });
    if (!settled) throw fail('target.busy', { target, held: answer?.words, waited: `${limits.lock}s` });
  };

  const setNotBack: Locks['setNotBack'] = async (target, notBack) => {
    await getExternalWorkflowHandle(targetEntityId(stack, target)).signal(notBackSignal, notBack ?? null);
  };

  return {
    async take(targets, options) {
      for (const target of [...new Set(targets)].sort()) {
        if (asked.has(target)) continue;
        await takeOne(target, typeof options === 'function' ? options(target) : options);
      }
    },
    held(target) {
      const request = asked.get(target);
      const fence = answerOf(target)?.fence;
      if (request === undefined || fence === undefined)
        throw fail('internal', { error: `${target} is not held` });
      return { stack, target, requestId: request.requestId, fence };
    },
    changedBefore: (target) => answerOf(target)?.after,
    setNotBack,
    settleNotBack: (target, notBack) => setNotBack(target, notBack).catch(() => undefined),
    async releaseAll({ untouched = false } = {}) {
      // A cancelled scope sends no signals.
      await CancellationScope.nonCancellable(async () => {
        for (const [target, request] of asked) {
          // The entity always runs; should it be gone, so is the lock.
          await getExternalWorkflowHandle(targetEntityId(stack, target))
            .signal(releaseSignal, request.requestId, untouched)
            .catch(() => undefined);
        }
        asked.clear();
      });
    },
  };
}
