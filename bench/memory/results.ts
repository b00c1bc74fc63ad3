import type { Machine } from '../lib/machine.js';

/** What bench/results/memory.json holds; all in bytes. */
export interface MemoryResults {
  readonly machine: Machine;
  readonly sizes: readonly {
    readonly data: number;
    /** The worker before its first run. */
    readonly idle: number;
    /** Peaks of the worker with its tools. */
    readonly backup: number;
    readonly restore: number;
  }[];
}
