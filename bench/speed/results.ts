import type { Machine } from '../lib/machine.js';
import type { Measured } from './measure.js';

/** What bench/results/speed.json holds. */
export interface SpeedResults {
  readonly machine: Machine;
  readonly bytes: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Who could not be had, and why. */
  readonly absent: Readonly<Record<string, string>>;
  readonly contestants: readonly {
    readonly name: string;
    readonly title: string;
    readonly what: string;
    readonly part: boolean;
    readonly rounds: {
      readonly backup: Measured;
      readonly restore: Measured;
      /** Statistics of what was restored, where the restore itself leaves them out. */
      readonly analyze?: Measured;
      readonly stored: number;
    }[];
  }[];
}
