import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { runId as runIdOf } from '../../contracts/ids.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { HoldInput, UndoInput } from '../../contracts/runs/procedures.js';
import { fail, failureOf } from '../shared/failures.js';
import type { Run } from '../shared/run.js';
import { knownWay } from './after-cutover.js';
import { undoneSignal } from './hold.js';

/** Failures that say by themselves that the live data are as they were. */
const UNTOUCHED = new Set(['store.gone', 'target.fenced']);

interface PuttingBack {
  readonly input: UndoInput & { readonly hold: HoldInput };
  readonly stores: readonly string[];
  /** What earlier runs had left in disorder. */
  readonly before: Readonly<Record<string, NotBack>>;
}

/** Puts the replaced data of each store back, whatever becomes of the others. Gives findings for people. */
export async function putBackAll(run: Run, { input, stores, before }: PuttingBack): Promise<string[]> {
  const { snapshot, hold } = input;
  const place = { mode: hold.mode, token: hold.token, at: hold.at };
  const kept = getExternalWorkflowHandle(runIdOf('hold', snapshot.stack.stack, hold.token));
  const findings: string[] = [];
  const errors: unknown[] = [];
  const failed: Record<string, string> = {};
  /** Stores whose live data may be others than before. */
  const touched = new Set<string>();

  const putBack = async (store: string, note: (line: string) => void): Promise<void> => {
    const { workflowId } = workflowInfo();
    const earlier = hold.notBack?.[store];
    const undoIt = `bring ${store} back with: steady restore undo ${input.restore}`;
    const way = knownWay(before[store]) ?? earlier?.way ?? undoIt;
    const say = (why: string): NotBack => ({ at: new Date().toISOString(), by: workflowId, why, way });
    try {
      // Should this run be ended by hand: nothing that is kept is dropped, and nobody relies on what is live.
      await run.locks.setNotBack(
        store,
        say(`${workflowId} was putting them back, and has not ended by itself`),
      );
      touched.add(store);
      const found = await run.activities.undo.undoRestore({
        ...{ snapshot, store, place },
        fence: run.locks.held(store),
        ...{ finished: true, begun: true },
      });
      found.forEach(note);
      findings.push(...found);
    } catch (error) {
      const { code, message } = failureOf(error);
      if (UNTOUCHED.has(code)) touched.delete(store);
      await run.locks.settleNotBack(store, touched.has(store) ? say(message) : before[store]);
      throw error;
    }
    // What was live until now is kept for its time; and nobody puts this one back again.
    await kept
      .signal(undoneSignal, [store])
      .catch((error: unknown) => note(`nobody keeps it: ${failureOf(error).message}`));
    await run.locks.settleNotBack(store, earlier);
  };

  for (const store of [...stores].reverse())
    await run
      .step(`Put back ${store}`, (note) => putBack(store, note))
      .catch((error: unknown) => {
        errors.push(error);
        failed[store] = failureOf(error).message;
      });
  if (errors.length === 0) return findings;
  // All as before: the services start again on what they had. On a mix, or on half of something, they must not.
  if (touched.size === 0) throw errors[0];
  run.commit();
  throw fail('store.half-undone', failed);
}
