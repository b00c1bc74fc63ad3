import type { UnnumberedRecord } from '../stored/others.js';
import type { StackSnapshot } from './snapshot.js';

/** Messages of the entity `ledger.<stack>`, the one writer of the chain of records. */
export interface LedgerHead {
  readonly number: number;
  readonly sha256: string;
}

export interface LedgerState {
  readonly head?: LedgerHead | undefined;
  readonly pending: readonly UnnumberedRecord[];
  /** Run ids already written in this chain run, so that a repeated signal adds nothing. */
  readonly written: readonly string[];
  /** Set when a number was taken by other content: nothing more is written until a person has looked. */
  readonly alarm?: string | undefined;
}

export interface LedgerInput {
  readonly snapshot: StackSnapshot;
  readonly state?: LedgerState;
  /** Events after which it continues as new; left out: when Temporal suggests it. */
  readonly maxEvents?: number;
  /** Pause after a failed write, in seconds; left out: 60. */
  readonly pauseSeconds?: number;
}

export interface RecordSignal {
  readonly record: UnnumberedRecord;
  /** The newest snapshot tells the ledger where storage is now. */
  readonly snapshot: StackSnapshot;
}

export const RECORD_SIGNAL = 'record';
export const LEDGER_QUERY = 'ledger';
