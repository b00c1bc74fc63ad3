import { Context } from '@temporalio/activity';
import { SteadyError } from '../contracts/failures.js';
import { ledgerEntityId, watchEntityId } from '../contracts/ids.js';
import { LEDGER_QUERY, type LedgerState } from '../contracts/runs/ledger.js';
import { WATCH_QUERY, type Finding, type Observation, type WatchState } from '../contracts/runs/watch.js';
import { askEntity } from './ask-entity.js';
import type { Ports } from './ports.js';
import { lookAtClock } from './watch/clock.js';
import { stuckRuns } from './watch/open-runs.js';
import { brokenPromises } from './watch/promises.js';

/** Looks whether promises are kept, for workers that may read storage. Reading only. */
export function createWatchActivities(ports: Ports) {
  return {
    /**
     * One look at storage, schedules and open runs. What is watched is asked of the watch itself: handed over it would
     * fill its history with hundreds of copies of the stack a day.
     */
    async observe(input: { stack: string }): Promise<Observation> {
      const { client } = Context.current();
      const state = await askEntity<WatchState>(watchEntityId(input.stack), WATCH_QUERY);
      if (state === undefined) throw new SteadyError('run.unknown', { run: watchEntityId(input.stack) });
      const { snapshot, since } = state;
      const { stack } = snapshot;
      const now = Date.now();
      const [promises, clock, runs, records] = await Promise.all([
        brokenPromises(await ports.storage(snapshot), stack, { now, since }),
        lookAtClock(client, stack),
        stuckRuns(client, stack, now),
        unwritten(stack.stack),
      ]);
      return {
        findings: [...promises, ...clock.findings, ...runs, ...records],
        notStarted: clock.notStarted,
      };
    },
  };
}
export type WatchActivities = ReturnType<typeof createWatchActivities>;

async function unwritten(stack: string): Promise<Finding[]> {
  const ledger = await askEntity<LedgerState>(ledgerEntityId(stack), LEDGER_QUERY);
  if (ledger?.alarm === undefined) return [];
  return [
    {
      ...{ key: 'records', event: 'stuck', title: 'records of runs cannot be written' },
      lines: [`${ledger.pending.length} wait: ${ledger.alarm}`],
      next: ['steady evidence verify'],
    },
  ];
}
