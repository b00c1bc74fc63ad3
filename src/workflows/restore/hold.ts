import { condition, defineQuery, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import type { HoldInput } from '../../contracts/runs/procedures.js';
import { failureOf } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';

/**
 * Sent by an undo when it begins (false) and when the replaced data are live again (true): either way what is kept now
 * is kept for its full time.
 */
export const undoneSignal = defineSignal<[boolean]>('undone');
export const holdQuery = defineQuery<HoldInput>('hold');

/** A freeze forbids the release: how long it waits until it asks again, and for how long in all. Seconds. */
const FROZEN_PAUSE = 3600;
const FROZEN_LIMIT = 90 * 86_400;

/**
 * Keeps the replaced data of a restore for their time, then drops them. After an undo it keeps what the undo set aside
 * for the same time.
 */
export async function hold(input: HoldInput): Promise<string[]> {
  let undone = input.undone ?? false;
  let signals = 0;
  setHandler(undoneSignal, (done) => {
    undone = done;
    signals++;
  });
  setHandler(holdQuery, () => ({ ...input, undone }));
  /** Each signal begins the time anew; gives how many have come when it is over. */
  const keep = async (): Promise<number> => {
    for (;;) {
      const seen = signals;
      if (!(await condition(() => signals > seen, input.seconds * 1000))) return seen;
    }
  };
  let seen = await keep();

  const limitSeconds = 2 * input.seconds + input.snapshot.stack.limits.run + FROZEN_LIMIT;
  return await runProcedure(input, { procedure: 'hold', limitSeconds, record: true }, async (run) => {
    for (;;) {
      await takeThawed(run, input);
      if (signals === seen) return await release(run, input);
      // An undo had its turn first.
      await run.locks.releaseAll();
      seen = await run.step('Keep what the undo set aside', keep);
    }
  });
}

/** Takes the stores; while they are frozen nothing is dropped, and it asks again later. */
async function takeThawed(run: Run, { stores }: HoldInput): Promise<void> {
  const purpose = 'release of replaced data';
  for (;;) {
    try {
      return await run.step(`Take ${stores.join(', ')}`, () =>
        run.locks.take(stores, { mode: 'exclusive', priority: 'scheduled', purpose }),
      );
    } catch (error) {
      if (failureOf(error).code !== 'target.frozen') throw error;
      await run.locks.releaseAll();
      await sleep(FROZEN_PAUSE * 1000);
    }
  }
}

async function release(run: Run, input: HoldInput): Promise<string[]> {
  const { snapshot, stores, mode, token, at } = input;
  const place = { mode, token, at };
  const findings: string[] = [];
  for (const store of stores) {
    await run.step(`Release the replaced data of ${store}`, async (note) => {
      const fence = run.locks.held(store);
      const found = await run.activities.change.releaseReplaced({ snapshot, store, place, fence });
      found.forEach(note);
      findings.push(...found);
    });
  }
  return findings;
}
