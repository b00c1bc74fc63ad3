import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import {
  ACCEPT_UPDATE,
  FREEZE_UPDATE,
  LOCK_ANSWER_SIGNAL,
  LOCK_RELEASE_SIGNAL,
  LOCK_REQUEST_SIGNAL,
  NOT_BACK_SIGNAL,
  TARGET_QUERY,
  THAW_UPDATE,
  type Accepted,
  type Freeze,
  type LockAnswer,
  type LockHolder,
  type LockRequest,
  type NotBack,
  type TargetInput,
  type TargetState,
} from '../../contracts/runs/locks.js';
import type { ClaimHolder } from '../../contracts/runs/claims.js';
import { AFTERLIFE_SECONDS, quickly } from '../shared/activities.js';
import { isRenewalDue, untilHandled } from '../shared/renewal.js';
import { createQueue } from './lock-queue.js';

const requestSignal = defineSignal<[LockRequest]>(LOCK_REQUEST_SIGNAL);
const releaseSignal = defineSignal<[string, boolean?]>(LOCK_RELEASE_SIGNAL);
const answerSignal = defineSignal<[LockAnswer]>(LOCK_ANSWER_SIGNAL);
const notBackSignal = defineSignal<[NotBack | null]>(NOT_BACK_SIGNAL);
const acceptUpdate = defineUpdate<TargetState, [Accepted]>(ACCEPT_UPDATE);
const freezeUpdate = defineUpdate<TargetState, [Freeze]>(FREEZE_UPDATE);
const thawUpdate = defineUpdate<TargetState, []>(THAW_UPDATE);
const targetQuery = defineQuery<TargetState>(TARGET_QUERY);

/** How often holders are looked after: soon while someone waits, seldom otherwise. Seconds. */
const LOOK_WAITING = 15;
const LOOK_IDLE = 600;

/**
 * One hand on a target: grants in order of arrival within a priority, shared ones together. A holder that has died
 * without releasing is found by asking Temporal; its activities may live a little longer, so the next grant waits
 * until they cannot.
 */
export async function target(input: TargetInput): Promise<void> {
  // A stack may move to other workers: the newest who asked says where they are.
  let { site } = input;
  const lookSeconds = input.lookSeconds ?? LOOK_WAITING;
  const afterlifeSeconds = input.afterlifeSeconds ?? AFTERLIFE_SECONDS;
  const queue = createQueue(input.state);
  /** What each one was told last, so that it is told again only when it is something else. */
  const told = new Map<string, string>();
  let lookedAt = Date.now();
  let changed = true;

  setHandler(targetQuery, queue.state);
  setHandler(requestSignal, (request) => {
    queue.add(request);
    site = request.site ?? site;
    // Whoever asks again has missed the answer.
    told.delete(request.requestId);
    changed = true;
  });
  setHandler(releaseSignal, (requestId, untouched) => {
    queue.remove(requestId, untouched);
    told.delete(requestId);
    changed = true;
  });
  setHandler(notBackSignal, (notBack) => queue.setNotBack(notBack ?? undefined));
  setHandler(acceptUpdate, (accepted) => {
    queue.accept(accepted);
    return queue.state();
  });
  setHandler(freezeUpdate, (freeze) => {
    queue.freeze(freeze);
    changed = true;
    return queue.state();
  });
  setHandler(thawUpdate, () => {
    queue.freeze(undefined);
    changed = true;
    return queue.state();
  });

  /** Whether the run could be told; one that has closed cannot. */
  const answer = async (
    request: LockRequest,
    words: Omit<LockAnswer, 'requestId' | 'target'>,
  ): Promise<boolean> => {
    const { requestId, workflowId, runId } = request;
    const text = JSON.stringify(words);
    if (told.get(requestId) === text) return true;
    told.set(requestId, text);
    return await getExternalWorkflowHandle(workflowId, runId)
      .signal(answerSignal, { requestId, target: request.target, ...words })
      .then(() => true)
      .catch(() => false);
  };

  const granted = ({ fence, after }: LockHolder) => ({ state: 'granted', fence, after }) as const;

  /** Grants and refuses one by one: whatever arrives while one is told counts for the next. */
  const grant = async (): Promise<void> => {
    for (let next = queue.next(Date.now()); next !== undefined; next = queue.next(Date.now())) {
      const { request, words } = next;
      if (next.state === 'refused') {
        queue.remove(request.requestId);
        await answer(request, { state: 'refused', words });
      } else {
        const holder = queue.grant(request, new Date().toISOString());
        if (!(await answer(request, granted(holder)))) queue.remove(request.requestId);
      }
    }
    for (const holder of queue.state().holders) await answer(holder, granted(holder));
    for (const { request, words } of queue.waiting()) await answer(request, { state: 'waiting', words });
  };

  /** Who cannot be asked about counts as running: a lock is never lost because a worker is away. */
  const isRunning = async ({ workflowId, runId }: ClaimHolder): Promise<boolean> =>
    await quickly('quick', { site, workerSeconds: input.workerSeconds ?? 300 })
      .isRunning({ workflowId, runId })
      .catch(() => true);

  /** Lets go of holders and waiters whose runs have closed without saying so. */
  const lookAfter = async (): Promise<void> => {
    const { holders, waiting } = queue.state();
    for (const holder of holders) {
      if (await isRunning(holder)) continue;
      // It may have let go by itself meanwhile: then its activities have ended.
      if (queue.remove(holder.requestId)) queue.waitUntil(Date.now() + afterlifeSeconds * 1000);
      changed = true;
    }
    for (const waiter of waiting) if (!(await isRunning(waiter))) queue.remove(waiter.requestId);
    lookedAt = Date.now();
  };

  while (!isRenewalDue(input)) {
    changed = false;
    await grant();
    const { holders, waiting } = queue.state();
    const every = (waiting.length > 0 ? lookSeconds : LOOK_IDLE) * 1000;
    const pause = queue.pauseLeft(Date.now());
    const wait = Math.max(100, Math.min(pause > 0 ? pause : every, lookedAt + every - Date.now()));
    await condition(() => changed || isRenewalDue(input), wait);
    if (Date.now() - lookedAt < every) continue;
    if (holders.length + waiting.length > 0) await lookAfter();
    else lookedAt = Date.now();
  }
  await untilHandled();
  await continueAsNew<typeof target>({ ...input, site, state: queue.state() });
}
