import type { MessageEvent } from '../stack/notify.js';
import type { StackSnapshot } from './snapshot.js';

/** Messages of the entity `watch.<stack>`, which looks by a timer of its own whether promises are kept. */

/** Something that is not as promised, for as long as it lasts. */
export interface Finding {
  /** The same as long as it is the same thing. */
  readonly key: string;
  readonly event: MessageEvent;
  readonly title: string;
  readonly lines: readonly string[];
  readonly next: readonly string[];
}

/** How often a schedule has not started a run, since it was made. */
export interface NotStarted {
  readonly skipped: number;
  readonly missed: number;
}

/** What one look found. */
export interface Observation {
  readonly findings: readonly Finding[];
  /** By id of the schedule. */
  readonly notStarted: Readonly<Record<string, NotStarted>>;
}

export interface OpenFinding extends Finding {
  readonly since: string;
  /** When people were last told. */
  readonly toldAt: string;
}

/** What the query `watch` answers. */
export interface WatchState {
  readonly snapshot: StackSnapshot;
  readonly open: readonly OpenFinding[];
  readonly notStarted: Readonly<Record<string, NotStarted>>;
  /** When each store was first watched: before that nothing was promised for one without a backup. */
  readonly since: Readonly<Record<string, string>>;
  /** When it last looked. */
  readonly lookedAt?: string | undefined;
}

export interface WatchInput {
  readonly snapshot: StackSnapshot;
  readonly state?: WatchState;
  /** Events after which it continues as new; left out: when Temporal suggests it. */
  readonly maxEvents?: number;
  /** How often what lasts is told again, in seconds; left out: daily. */
  readonly againSeconds?: number;
}

/** A stack file was applied. */
export const WATCH_SIGNAL = 'watch';
export const WATCH_QUERY = 'watch';
