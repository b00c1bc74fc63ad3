import { condition, defineQuery, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { HOLD_QUERY, type HoldInput, type HoldState } from '../../contracts/runs/procedures.js';
import { mark } from '../shared/attributes.js';
import { quickly } from '../shared/activities.js';
import { failureOf, isOwnCancellation } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';

/**
 * Sent by an undo when it begins (no stores) and when the replaced data of stores are live again: either way what is kept
 * now is kept for its full time.
 */
export const undoneSignal = defineSignal<[readonly string[]]>('undone');
export const holdQuery = defineQuery<HoldState>(HOLD_QUERY);

/** What is frozen or cannot be dropped now: how long it waits until it tries again, and for how long in all. Seconds. */
const PAUSE = 3600;
const LONGEST_PAUSE = 86_400;
const PATIENCE = 90 * 86_400;

/**
 * Keeps the replaced data of a restore for their time, then drops them. After an undo it keeps what the undo set aside
 * for the same time.
 */
export async function hold(input: HoldInput): Promise<string[]> {
  const undone = new Set(input.undone);
  let signals = 0;
  setHandler(undoneSignal, (stores) => {
    stores.forEach((store) => undone.add(store));
    signals++;
  });
  let until: string | undefined;
  let trouble: Pick<HoldState, 'trouble' | 'lost'> = {};
  mark('SteadyStack', input.snapshot.stack.stack);
  mark('SteadyProcedure', 'hold');
  setHandler(holdQuery, () => ({ ...input, undone: [...undone], until, ...trouble }));
  const allUndone = (): boolean => input.stores.every((store) => undone.has(store));
  /** Each signal begins the time anew; gives how many have come when it is over. */
  const keep = async (): Promise<number> => {
    for (;;) {
      const seen = signals;
      trouble = {};
      until = new Date(Date.now() + input.seconds * 1000).toISOString();
      if (!(await condition(() => signals > seen, input.seconds * 1000))) return seen;
    }
  };
  if (input.unresolved !== undefined) {
    // They may be the only good data: nothing but an undo ends this.
    trouble = {
      trouble: Object.values(input.unresolved).join('; '),
      lost: Object.keys(input.unresolved),
    };
    let pause = PAUSE;
    // Or another restore, or a person, has brought them back.
    while (!allUndone() && (await notBack(input)).length > 0) {
      await condition(allUndone, pause * 1000);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }
  let seen = await keep();

  const limitSeconds = 2 * input.seconds + input.snapshot.stack.limits.run + PATIENCE;
  return await runProcedure(input, { procedure: 'hold', limitSeconds, record: true }, async (run) => {
    let pause = PAUSE;
    for (;;) {
      try {
        await run.step(`Take ${input.stores.join(', ')}`, () => run.locks.take(input.stores, TURN));
        const lost = await notBack(input);
        if (lost.length > 0)
          trouble = {
            trouble: `the data of ${lost.join(', ')} are not back: it is kept until they are`,
            lost,
          };
        else if (signals === seen) {
          const released = await release(run, input);
          // What is live is as it was.
          await run.locks.releaseAll({ untouched: true });
          return released;
        }
      } catch (error) {
        if (isOwnCancellation(error)) throw error;
        // Frozen, or the store is away: told by `status`, and tried again.
        trouble = { trouble: failureOf(error).message };
      }
      await run.locks.releaseAll({ untouched: true });
      if (signals === seen) {
        await sleep(pause * 1000);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
      // An undo had its turn first.
      if (signals !== seen) seen = await run.step('Keep what the undo set aside', keep);
    }
  });
}

/** Of its stores, those in disorder: what is kept of them may be all there is. Who cannot be asked counts as one. */
async function notBack({ snapshot, stores }: HoldInput): Promise<readonly string[]> {
  const { stack, site, limits } = snapshot.stack;
  return await quickly('quick', { site, workerSeconds: limits.worker })
    .storesNotBack({ stack, stores })
    .then(Object.keys, () => stores);
}

const TURN = { mode: 'exclusive', priority: 'scheduled', purpose: 'release of replaced data' } as const;

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
