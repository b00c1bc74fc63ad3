import {
  freezeAt,
  freezeWords,
  LOCK_PRIORITY,
  type Accepted,
  type Freeze,
  type LockHolder,
  type LockRequest,
  type NotBack,
  type TargetChange,
  type TargetState,
} from '../../contracts/runs/locks.js';

/** What can be said to a request now. */
export interface Verdict {
  readonly request: LockRequest;
  readonly state: 'granted' | 'refused' | 'waiting';
  readonly words: string;
}

export interface Queue {
  state(): TargetState;
  /** Adds a request unless it is known already. */
  add(request: LockRequest): void;
  /** Takes a request out, wherever it stands; whether it was there. `untouched`: the holder has changed nothing. */
  remove(requestId: string, untouched?: boolean): boolean;
  freeze(freeze: Freeze | undefined): void;
  setNotBack(notBack: NotBack | undefined): void;
  /** Data that are in order after all; nothing where they are not the ones that were seen. */
  accept(accepted: Accepted): void;
  waitUntil(time: number): void;
  /** Milliseconds until grants are allowed again after a holder that died. */
  pauseLeft(now: number): number;
  /** The next request that is granted or refused, or undefined when all others have to wait. */
  next(now: number): Verdict | undefined;
  grant(request: LockRequest, since: string): LockHolder;
  /** Those who wait, with whom they wait for. */
  waiting(): Verdict[];
}

/**
 * Who holds a target and who waits for it: in order of arrival within a priority. Shared ones go together, but nobody
 * passes one who waits for a turn: a stream of readers would starve a restore.
 */
export function createQueue(begin: TargetState | undefined): Queue {
  let holders = [...(begin?.holders ?? [])];
  let queue = [...(begin?.waiting ?? [])];
  let frozen = begin?.frozen;
  let fence = begin?.fence ?? 0;
  let changed = begin?.changed;
  let notBack = begin?.notBack;
  let accepted = begin?.accepted;
  let notBefore = begin?.notBefore === undefined ? 0 : Date.parse(begin.notBefore);

  const has = (list: readonly LockRequest[], requestId: string): boolean =>
    list.some((one) => one.requestId === requestId);
  const inOrder = (): LockRequest[] =>
    [...queue].sort((a, b) => LOCK_PRIORITY[a.priority] - LOCK_PRIORITY[b.priority]);
  const isFrozenFor = (request: LockRequest): boolean =>
    frozen !== undefined && request.mode === 'exclusive' && request.reads !== true;
  const isFreeFor = (request: LockRequest): boolean =>
    holders.length === 0 || (request.mode === 'shared' && holders.every((one) => one.mode === 'shared'));

  return {
    state: () => ({
      holders,
      waiting: inOrder(),
      fence,
      ...(changed && { changed }),
      ...(frozen && { frozen }),
      ...(notBack && { notBack }),
      ...(accepted && { accepted }),
      ...(notBefore > 0 && { notBefore: new Date(notBefore).toISOString() }),
    }),
    add(request) {
      if (!has(holders, request.requestId) && !has(queue, request.requestId)) queue.push(request);
    },
    remove(requestId, untouched = false) {
      const holder = holders.find((one) => one.requestId === requestId);
      if (untouched && holder !== undefined && isBy(changed, holder)) changed = holder.after;
      const known = has(holders, requestId) || has(queue, requestId);
      holders = holders.filter((one) => one.requestId !== requestId);
      queue = queue.filter((one) => one.requestId !== requestId);
      return known;
    },
    freeze(freeze) {
      frozen = freeze;
    },
    setNotBack(to) {
      notBack = to;
    },
    accept(by) {
      if (notBack?.at !== by.seen) return;
      notBack = undefined;
      accepted = by;
    },
    waitUntil(time) {
      notBefore = time;
    },
    pauseLeft: (now) => Math.max(0, notBefore - now),
    next(now) {
      frozen = freezeAt(frozen, now);
      const refused = frozen && queue.find(isFrozenFor);
      if (frozen && refused) return { request: refused, state: 'refused', words: freezeWords(frozen) };
      const [first] = inOrder();
      if (first === undefined || now < notBefore || !isFreeFor(first)) return undefined;
      return { request: first, state: 'granted', words: '' };
    },
    grant(request, since) {
      fence++;
      const holder: LockHolder = { ...request, fence, since, after: changed };
      queue = queue.filter((one) => one.requestId !== request.requestId);
      holders = [...holders, holder];
      if (request.mode === 'exclusive' && request.reads !== true)
        changed = { at: since, by: request.workflowId };
      return holder;
    },
    waiting: () =>
      inOrder().map((request) => ({
        request,
        state: 'waiting',
        words: whomFor(request, holders, inOrder()),
      })),
  };
}

const isBy = (changed: TargetChange | undefined, { workflowId, since }: LockHolder): boolean =>
  changed?.by === workflowId && changed.at === since;

function whomFor(
  request: LockRequest,
  holders: readonly LockHolder[],
  inOrder: readonly LockRequest[],
): string {
  const [holder] = holders;
  if (holder) return `held by ${holder.workflowId} since ${holder.since} (${holder.purpose})`;
  const [first] = inOrder;
  if (first && first.requestId !== request.requestId) return `${first.workflowId} is next (${first.purpose})`;
  return 'waiting until the last holder is surely gone';
}
