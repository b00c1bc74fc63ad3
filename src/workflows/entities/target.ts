import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  FREEZE_UPDATE,
  LOCK_ANSWER_SIGNAL,
  LOCK_PRIORITY,
  LOCK_RELEASE_SIGNAL,
  LOCK_REQUEST_SIGNAL,
  TARGET_QUERY,
  THAW_UPDATE,
  type Freeze,
  type LockAnswer,
  type LockHolder,
  type LockRequest,
  type TargetInput,
  type TargetState,
} from '../../contracts/runs/locks.js';
import { AFTERLIFE_SECONDS, quickly } from '../shared/activities.js';

const requestSignal = defineSignal<[LockRequest]>(LOCK_REQUEST_SIGNAL);
const releaseSignal = defineSignal<[string]>(LOCK_RELEASE_SIGNAL);
const answerSignal = defineSignal<[LockAnswer]>(LOCK_ANSWER_SIGNAL);
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
  const quick = quickly('quick', { site: input.site, workerSeconds: 300 });
  let holders: LockHolder[] = [...(input.state?.holders ?? [])];
  let queue: LockRequest[] = [...(input.state?.waiting ?? [])];
  let frozen: Freeze | undefined = input.state?.frozen;
  let fence = input.state?.fence ?? 0;
  let notBefore = 0;
  let changed = true;

  const state = (): TargetState => ({ holders, waiting: queue, fence, ...(frozen && { frozen }) });
  setHandler(targetQuery, state);
  setHandler(requestSignal, (request) => {
    const known = holders.some((one) => one.requestId === request.requestId) || queue.some((one) => one.requestId === request.requestId);
    if (!known) queue.push(request);
    changed = true;
  });
  setHandler(releaseSignal, (requestId) => {
    holders = holders.filter((one) => one.requestId !== requestId);
    queue = queue.filter((one) => one.requestId !== requestId);
    changed = true;
  });
  setHandler(freezeUpdate, (freeze) => {
    frozen = freeze;
    changed = true;
    return state();
  });
  setHandler(thawUpdate, () => {
    frozen = undefined;
    changed = true;
    return state();
  });

  const answer = async (request: LockRequest, words: Omit<LockAnswer, 'requestId' | 'target'>): Promise<boolean> =>
    await getExternalWorkflowHandle(request.workflowId, request.runId)
      .signal(answerSignal, { requestId: request.requestId, target: request.target, ...words })
      .then(() => true)
      .catch(() => false);

  /** Grants what can be granted now; tells those who wait whom they wait for. */
  const grant = async (): Promise<void> => {
    const inOrder = [...queue].sort((a, b) => LOCK_PRIORITY[a.priority] - LOCK_PRIORITY[b.priority]);
    for (const request of inOrder) {
      if (!queue.includes(request)) continue;
      if (frozen && request.mode === 'exclusive') {
        queue = queue.filter((one) => one !== request);
        await answer(request, { state: 'refused', words: `frozen by ${frozen.by} at ${frozen.at}: ${frozen.reason}` });
        continue;
      }
      const free = holders.length === 0 || (request.mode === 'shared' && holders.every((one) => one.mode === 'shared'));
      if (!free || Date.now() < notBefore) {
        const holder = holders[0];
        const words = holder ? `held by ${holder.workflowId} since ${holder.since} (${holder.purpose})` : 'waiting until the last holder is surely gone';
        await answer(request, { state: 'waiting', words });
        // Nobody passes one who waits for a turn: a stream of readers would starve a restore.
        break;
      }
      queue = queue.filter((one) => one !== request);
      fence++;
      holders.push({ ...request, fence, since: new Date().toISOString() });
      const told = await answer(request, { state: 'granted', fence });
      if (!told) holders = holders.filter((one) => one.requestId !== request.requestId);
    }
  };

  /** Lets go of holders and waiters whose runs have closed without saying so. */
  const lookAfter = async (): Promise<void> => {
    for (const holder of [...holders]) {
      if (await quick.isRunning(holder)) continue;
      if (!holders.includes(holder)) continue;
      holders = holders.filter((one) => one !== holder);
      notBefore = Date.now() + AFTERLIFE_SECONDS * 1000;
      changed = true;
    }
    for (const waiter of [...queue]) {
      if (!(await quick.isRunning(waiter))) queue = queue.filter((one) => one !== waiter);
    }
  };

  while (!workflowInfo().continueAsNewSuggested) {
    changed = false;
    await grant();
    const wait = Date.now() < notBefore ? Math.max(1, (notBefore - Date.now()) / 1000) : queue.length > 0 ? LOOK_WAITING : LOOK_IDLE;
    const woken = await condition(() => changed || workflowInfo().continueAsNewSuggested, wait * 1000);
    if (!woken && holders.length + queue.length > 0) await lookAfter();
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof target>({ ...input, state: state() });
}
