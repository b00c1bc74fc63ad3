import type { EvidenceRecord } from '../contracts/stored/others.js';
import type { Steady } from './connect.js';
import { leavesRecord } from '../contracts/ids.js';
import { ledgerState } from './entities.js';
import { listRuns, type RunLine } from './runs.js';
import type { LedgerState } from '../contracts/runs/ledger.js';

export interface RecordsInTemporal {
  /** The ledger's own head, as of before storage was read; undefined when no worker answers. */
  readonly ledger?: LedgerState | undefined;
  /** Runs that have closed, oldest first; dry runs and look-ups are left out. */
  readonly closed: readonly RunLine[];
}

/** What Temporal knows of runs that should have a record. */
export async function recordsInTemporal(
  steady: Steady,
  at: { readonly stack: string; readonly site: string },
): Promise<RecordsInTemporal> {
  const ledger = await ledgerState(steady, at).catch(() => undefined);
  const runs = await listRuns(steady, { stack: at.stack, all: true, limit: Number.POSITIVE_INFINITY });
  const closed = runs.filter((run) => run.status !== 'running' && !run.dryRun && leavesRecord(run.procedure));
  return { ledger, closed: closed.reverse() };
}

/** Closed runs that neither have a record nor wait for theirs to be written. */
export function unrecorded(temporal: RecordsInTemporal, records: readonly EvidenceRecord[]): RunLine[] {
  const known = new Set([...records, ...(temporal.ledger?.pending ?? [])].map((one) => one.run.runId));
  return temporal.closed.filter((run) => !known.has(run.runId));
}
