import { Context } from '@temporalio/activity';
import { SteadyError } from '../contracts/failures.js';
import { ledgerEntityId, watchEntityId } from '../contracts/ids.js';
import { LEDGER_QUERY, type LedgerState } from '../contracts/runs/ledger.js';
import {
  WATCH_QUERY,
  type Finding,
  type LookRequest,
  type Observation,
  type WatchState,
} from '../contracts/runs/watch.js';
import { askEntity } from './ask-entity.js';
import type { Ports } from './ports.js';
import { lookAtClock } from './watch/clock.js';
import { endedRuns } from './watch/ended-runs.js';
import { dataNotBack } from './watch/not-back.js';
import { stuckRuns } from './watch/open-runs.js';
import { brokenLocks, brokenPromises } from './watch/promises.js';
import { isOfTampering, tampered } from './watch/tampered.js';
import { serverNow } from './server-clock.js';

/** Looks whether promises are kept, for workers that may read storage. Reading only. */
export function createWatchActivities(ports: Ports) {
  return {
    /**
     * One look at storage, schedules, runs and the data that restores left. What is watched is asked of the watch itself: handed over it would
     * fill its history with hundreds of copies of the stack a day.
     */
    async observe(input: LookRequest): Promise<Observation> {
      const { client } = Context.current();
      const state = await askEntity<WatchState>(watchEntityId(input.stack), WATCH_QUERY);
      if (state === undefined) throw new SteadyError('run.unknown', { run: watchEntityId(input.stack) });
      const { snapshot, since, open, ended: last } = state;
      const { stack } = snapshot;
      const now = serverNow().getTime();
      const storage = await ports.storage(snapshot);
      const [promises, locks, altered, clock, runs, lost, records, ended] = await Promise.all([
        brokenPromises(storage, stack, { now, since }),
        brokenLocks(storage, stack, new Date(now)),
        input.tampering === true ? tampered(storage, open) : open.filter(isOfTampering),
        lookAtClock(client, stack),
        stuckRuns(client, stack, now),
        dataNotBack(client, stack, open),
        unwritten(stack.stack),
        endedRuns(client, stack.stack, { now, last }),
      ]);
      return {
        findings: [...promises, ...locks, ...altered, ...clock.findings, ...runs, ...lost, ...records],
        notStarted: clock.notStarted,
        ended,
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
