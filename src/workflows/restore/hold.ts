import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { HoldInput } from '../../contracts/runs/procedures.js';
import { runProcedure } from '../shared/run.js';

/** Sent by an undo: the replaced data are live again, nothing is left to release. */
export const undoneSignal = defineSignal(`undone`);
export const holdQuery = defineQuery<HoldInput>('hold');

/** Keeps the replaced data of a restore for their time, then drops them. An undo ends it early. */
export async function hold(input: HoldInput): Promise<string[]> {
  let undone = false;
  setHandler(undoneSignal, () => {
    undone = true;
  });
  setHandler(holdQuery, () => input);
  if (await condition(() => undone, input.seconds * 1000)) return ['undone'];

  const { snapshot, stores } = input;
  const place = { mode: input.mode, token: input.token, at: input.at };
  return await runProcedure(input, { procedure: 'hold', limitSeconds: snapshot.stack.limits.run, record: true }, async (run) => {
    await run.step(`Take ${stores.join(', ')}`, () =>
      run.locks.take(stores, { mode: 'exclusive', priority: 'scheduled', purpose: 'release of replaced data' }),
    );
    const findings: string[] = [];
    for (const store of stores) {
      await run.step(`Release the replaced data of ${store}`, async (note) => {
        const found = await run.activities.change.releaseReplaced({ snapshot, store, place, fence: run.locks.held(store) });
        found.forEach(note);
        findings.push(...found);
      });
    }
    return findings;
  });
}
