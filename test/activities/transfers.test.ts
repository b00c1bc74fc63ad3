import { describe, expect, it } from 'vitest';
import type { ActivityCall } from '../../src/activities/call.js';
import { inTurn, paceOf } from '../../src/activities/transfers.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';

const stackWith = (limits: object, stack = 'shop') =>
  ({ stack: { stack, limits } }) as unknown as StackSnapshot;
const call = (signal = new AbortController().signal): ActivityCall & { said: string[] } => {
  const said: string[] = [];
  return { signal, said, say: (text: string) => void said.push(text) } as unknown as ActivityCall & {
    said: string[];
  };
};

/** A transfer that goes on until it is told to end. */
function transfer(snapshot: StackSnapshot, of = call()) {
  let begun = false;
  let end = (): void => undefined;
  const going = new Promise<void>((resolve) => (end = resolve));
  const done = inTurn(of, snapshot, () => {
    begun = true;
    return going;
  });
  return { begun: () => begun, end: () => end(), done, said: of.said };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('transfers of a worker', () => {
  it('wait for their turn beyond the limit, say so, and go on first come, first served', async () => {
    const two = stackWith({ transfers: 2 });
    const all = [transfer(two), transfer(two), transfer(two), transfer(stackWith({ transfers: 2 }, 'other'))];
    await settled();
    expect(all.map((one) => one.begun())).toEqual([true, true, false, false]);
    expect(all[2]?.said).toEqual(['waits: 2 transfers at this worker already (limits.transfers)']);
    all[1]?.end();
    await all[1]?.done;
    await settled();
    expect(all.map((one) => one.begun())).toEqual([true, true, true, false]);
    for (const one of all) one.end();
    await Promise.all(all.map((one) => one.done));
    expect(all[3]?.begun()).toBe(true);
  });

  it('give their place back when they fail, and leave the row when they are cancelled', async () => {
    const one = stackWith({ transfers: 1 });
    const failing = inTurn(call(), one, () => Promise.reject(new Error('broken pipe')));
    const stop = new AbortController();
    const cancelled = transfer(one, call(stop.signal));
    stop.abort(new Error('no longer wanted'));
    await expect(cancelled.done).rejects.toThrow('no longer wanted');
    await expect(failing).rejects.toThrow('broken pipe');
    const next = transfer(one);
    await settled();
    expect([cancelled.begun(), next.begun()]).toEqual([false, true]);
    next.end();
    await next.done;
  });

  it('of one stack share one rate', () => {
    const [a, b] = [paceOf(stackWith({ rate: 1e6 })), paceOf(stackWith({ rate: 1e6 }))];
    expect(a).toBe(b);
    expect(paceOf(stackWith({ rate: 2e6 }))).not.toBe(a);
    expect(paceOf(stackWith({}))).toBeUndefined();
  });
});
