import type { Machine } from '../lib/machine.js';
import type { RunCost } from './histories.js';

/** What bench/results/overhead.json holds. */
export interface OverheadResults {
  readonly machine: Machine;
  /** Bytes of the database, which is small: what is left is the procedure. */
  readonly bytes: number;
  readonly rounds: readonly {
    /** Seconds of the bare pipeline. */
    readonly bare: number;
    /** Seconds of the command, from its start to its end. */
    readonly command: number;
    readonly run: RunCost;
  }[];
  /** Of the entities (locks, claims, records), a run. */
  readonly entities: { readonly events: number; readonly bytes: number };
  /** Growth of Temporal's file, bytes a run. */
  readonly databaseBytes: number;
}
