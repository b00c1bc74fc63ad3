import type { Machine } from '../lib/machine.js';
import type { RunCost } from './histories.js';

/** What runs of one procedure cost. */
export interface ProcedureCost {
  readonly name: string;
  readonly rounds: readonly {
    /** Seconds of the bare pipeline, where there is one to compare with. */
    readonly bare?: number;
    /** Seconds of the command, from its start to its end. */
    readonly command: number;
    readonly run: RunCost;
  }[];
  /** Of the entities (locks, claims, records), a run. */
  readonly entities: { readonly events: number; readonly bytes: number };
  /** Growth of Temporal's file, bytes a run. */
  readonly databaseBytes: number;
}

/** What bench/results/overhead.json holds: the cost of a backup, and of the others. */
export interface OverheadResults extends Omit<ProcedureCost, 'name'> {
  readonly machine: Machine;
  /** Bytes of the database, which is small: what is left is the procedure. */
  readonly bytes: number;
  /** A proof, a restore, a prune; left out in what was kept before they were measured. */
  readonly others?: readonly ProcedureCost[];
}
