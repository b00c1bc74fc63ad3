import type { MessageEvent } from '../stack/notify.js';
import type { StackSnapshot } from './snapshot.js';

/** Messages of the entity `watch.<stack>`, which looks by a timer of its own whether promises are kept. */

/** Events of what lasts. */
export const LASTING = [
  'failed',
  'rpo',
  'skipped',
  'stuck',
  'suspect',
] as const satisfies readonly MessageEvent[];

/** Something that is not as promised, for as long as it lasts. */
export interface Finding {
  /** The same as long as it is the same thing. */
  readonly key: string;
  readonly event: (typeof LASTING)[number];
  readonly title: string;
  readonly lines: readonly string[];
  readonly next: readonly string[];
}

/** How often a schedule has not started a run, since it was made. */
export interface NotStarted {
  readonly skipped: number;
  readonly missed: number;
}

/** A run that was ended in Temporal, past itself: it could put nothing back, write no record and tell nobody. */
export interface EndedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly procedure: string;
  readonly by: string;
  /** Temporal's word: terminated, timed out. */
  readonly how: string;
  /** What Temporal keeps of the reason. */
  readonly why: string;
}

/** What a look is asked for. */
export interface LookRequest {
  readonly stack: string;
  /** Also whether somebody tampered with storage: all of it is listed for that. */
  readonly tampering?: boolean | undefined;
}

/** What one look found. */
export interface Observation {
  readonly findings: readonly Finding[];
  /** By id of the schedule. */
  readonly notStarted: Readonly<Record<string, NotStarted>>;
  /** Ended since the last look; left out where nobody could look. */
  readonly ended?: readonly EndedRun[] | undefined;
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
  /** When closed runs were last looked at, and the run ids of the newest ones that were told. */
  readonly ended?: { readonly at: string; readonly told: readonly string[] } | undefined;
  /** When all of storage was last listed for tampering. */
  readonly tamperingAt?: string | undefined;
}

export interface WatchInput {
  readonly snapshot: StackSnapshot;
  readonly state?: WatchState;
  /** Events after which it continues as new; left out: when Temporal suggests it. */
  readonly maxEvents?: number;
  /** How often what lasts is told again, in seconds; left out: daily. */
  readonly againSeconds?: number;
  /** How often all of storage is listed for tampering, in seconds; left out: hourly. */
  readonly tamperingSeconds?: number;
}

/** A stack file was applied. */
export const WATCH_SIGNAL = 'watch';
export const WATCH_QUERY = 'watch';
