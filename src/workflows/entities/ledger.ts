import { condition, continueAsNew, defineQuery, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import {
  LEDGER_QUERY,
  RECORD_SIGNAL,
  type LedgerInput,
  type LedgerState,
  type RecordSignal,
} from '../../contracts/runs/ledger.js';
import { quickly } from '../shared/activities.js';
import { failureOf } from '../shared/failures.js';
import { isRenewalDue, untilHandled } from '../shared/renewal.js';

const recordSignal = defineSignal<[RecordSignal]>(RECORD_SIGNAL);
const ledgerQuery = defineQuery<LedgerState>(LEDGER_QUERY);

/** Run ids remembered, so that a signal sent twice is written once. */
const REMEMBERED = 500;
const PAUSE_SECONDS = 60;

/**
 * The one writer of the chain of records: numbers each finished run's record, chains it to the one before, and waits
 * as long as storage is away. A broken chain is an alarm and stops it: only a person can say what happened.
 */
export async function ledger(input: LedgerInput): Promise<void> {
  let snapshot = input.snapshot;
  let head = input.state?.head;
  const pending = [...(input.state?.pending ?? [])];
  let written = [...(input.state?.written ?? [])];
  let alarm = input.state?.alarm;

  const state = (): LedgerState => ({
    pending,
    written,
    ...(head && { head }),
    ...(alarm !== undefined && { alarm }),
  });
  setHandler(ledgerQuery, state);
  setHandler(recordSignal, (signal) => {
    snapshot = signal.snapshot;
    const { runId } = signal.record.run;
    const known = written.includes(runId) || pending.some((one) => one.run.runId === runId);
    if (!known) pending.push(signal.record);
  });

  while (!isRenewalDue(input)) {
    await condition(() => pending.length > 0 || isRenewalDue(input));
    const record = pending[0];
    if (record === undefined) break;
    const { site, limits } = snapshot.stack;
    try {
      head = await quickly('proof', { site, workerSeconds: limits.worker }).appendRecord({
        snapshot,
        record,
        head,
      });
      alarm = undefined;
      pending.shift();
      written = [...written, record.run.runId].slice(-REMEMBERED);
    } catch (error) {
      alarm = failureOf(error).message;
      // Storage away, no worker, or a broken chain: told by `status`, and tried again.
      await sleep((input.pauseSeconds ?? PAUSE_SECONDS) * 1000);
    }
  }
  await untilHandled();
  await continueAsNew<typeof ledger>({ ...input, snapshot, state: state() });
}
