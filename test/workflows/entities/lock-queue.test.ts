import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_PRIORITY, type LockRequest } from '../../../src/contracts/runs/locks.js';
import { createQueue } from '../../../src/workflows/entities/lock-queue.js';

const request = (requestId: string, more: Partial<LockRequest> = {}): LockRequest => ({
  ...{ requestId, workflowId: `run.${requestId}`, runId: requestId, target: 'db' },
  ...{ mode: 'exclusive', priority: 'scheduled', purpose: 'a test', ...more },
});
const AT = '2026-11-22T02:00:00.000Z';

/** One thing that happens to a queue. */
const happening = fc.oneof(
  fc.record({
    ask: fc.nat(30),
    mode: fc.constantFrom('shared' as const, 'exclusive' as const),
    priority: fc.constantFrom('emergency' as const, 'deploy' as const, 'scheduled' as const),
  }),
  fc.record({ release: fc.nat(30) }),
);

describe('the queue of a target', () => {
  it('never lets a change in beside anybody, and counts each grant up', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const queue = createQueue(undefined);
        let fence = 0;
        for (const one of happenings) {
          if ('ask' in one) queue.add(request(String(one.ask), { mode: one.mode, priority: one.priority }));
          else queue.remove(String(one.release));
          for (let next = queue.next(0); next; next = queue.next(0)) {
            const granted = queue.grant(next.request, AT);
            expect(granted.fence).toBe(++fence);
          }
          const { holders, waiting } = queue.state();
          if (holders.some((holder) => holder.mode === 'exclusive')) expect(holders).toHaveLength(1);
          // Nobody stands in it twice.
          const ids = [...holders, ...waiting].map((each) => each.requestId);
          expect(new Set(ids).size).toBe(ids.length);
          // With nobody holding it, nobody waits.
          if (holders.length === 0) expect(waiting).toEqual([]);
        }
      }),
    );
  });

  it('does not take for a change what a holder says it left untouched', () => {
    const queue = createQueue(undefined);
    const turn = (id: string, at: string, untouched: boolean): void => {
      queue.grant(request(id), at);
      queue.remove(id, untouched);
    };
    turn('one', AT, false);
    turn('two', '2026-11-22T02:01:00.000Z', true);
    expect(queue.state().changed).toEqual({ at: AT, by: 'run.one' });
  });

  it('lets everyone in sooner or later, in order within a priority', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const queue = createQueue(undefined);
        const arrived: LockRequest[] = [];
        queue.add(request('first'));
        const first = queue.next(0);
        if (first) queue.grant(first.request, AT);
        for (const one of happenings) {
          if (!('ask' in one)) continue;
          const asked = request(String(one.ask), { mode: one.mode, priority: one.priority });
          if (!arrived.some((each) => each.requestId === asked.requestId)) arrived.push(asked);
          queue.add(asked);
        }
        const granted: string[] = [];
        for (let turns = 0; turns < 100 && queue.state().holders.length > 0; turns++) {
          queue.remove(queue.state().holders[0]?.requestId ?? '');
          for (let next = queue.next(0); next; next = queue.next(0))
            granted.push(queue.grant(next.request, AT).requestId);
        }
        const expected = [...arrived].sort((a, b) => LOCK_PRIORITY[a.priority] - LOCK_PRIORITY[b.priority]);
        expect(granted).toEqual(expected.map((each) => each.requestId));
      }),
    );
  });

  it('grants nothing before a dead holder’s activities must have ended, and carries that over', () => {
    const queue = createQueue(undefined);
    queue.add(request('a'));
    queue.waitUntil(5000);
    expect(queue.next(4999)).toBeUndefined();
    expect(queue.pauseLeft(4000)).toBe(1000);
    const next = createQueue(queue.state());
    expect(next.next(4999)).toBeUndefined();
    expect(next.waiting()[0]?.words).toBe('waiting until the last holder is surely gone');
    expect(next.next(5000)?.state).toBe('granted');
  });

  it('refuses changes while it is frozen, wherever they stand', () => {
    const queue = createQueue(undefined);
    queue.add(request('reader', { mode: 'shared' }));
    queue.add(request('changer'));
    queue.freeze({ by: 'ana', reason: 'an audit', at: AT });
    expect(queue.next(0)).toMatchObject({ state: 'refused', words: `frozen by ana at ${AT}: an audit` });
    queue.remove('changer');
    expect(queue.next(0)).toMatchObject({ state: 'granted', request: { requestId: 'reader' } });
  });

  it('refuses changes until a freeze with an end is over', () => {
    const queue = createQueue(undefined);
    const until = new Date(5000).toISOString();
    queue.freeze({ by: 'ana', reason: 'a sale', at: AT, until });
    queue.add(request('early'));
    expect(queue.next(4999)).toMatchObject({
      state: 'refused',
      words: `frozen by ana at ${AT} until ${until}: a sale`,
    });
    queue.remove('early');
    queue.add(request('late'));
    expect(queue.next(5000)).toMatchObject({ state: 'granted', request: { requestId: 'late' } });
    expect(queue.state().frozen).toBeUndefined();
  });
});
