/** Messages between runs and the entity `target.<stack>.<target>`, which lets one hand on a target at a time. */
export type LockMode = 'shared' | 'exclusive';

/** Lower goes first: a restore does not wait behind scheduled work that has not begun. */
export const LOCK_PRIORITY = { emergency: 0, deploy: 1, scheduled: 2 } as const;
export type LockPriority = keyof typeof LOCK_PRIORITY;

export interface LockRequest {
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly target: string;
  readonly mode: LockMode;
  readonly priority: LockPriority;
  /** In words, for those who wait. */
  readonly purpose: string;
  /** Changes no data, such as a backup that stops services meanwhile: a freeze does not refuse it. */
  readonly reads?: boolean | undefined;
  /** Where the workers of the stack are now. */
  readonly site?: string | undefined;
}

/** Signalled to the requester whenever its position changes. */
export interface LockAnswer {
  readonly requestId: string;
  readonly target: string;
  readonly state: 'granted' | 'waiting' | 'refused';
  /** Rises with each grant; checked before anything is changed. */
  readonly fence?: number;
  /** Who last changed it before this grant. */
  readonly after?: TargetChange | undefined;
  /** Who holds it and since when, or why it is refused. */
  readonly words?: string;
}

export interface LockHolder extends LockRequest {
  readonly fence: number;
  readonly after?: TargetChange | undefined;
  readonly since: string;
}

export interface Freeze {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
  /** When it ends by itself, RFC 3339; left out: only `steady thaw` ends it. */
  readonly until?: string | undefined;
}

/** The freeze that holds at a moment (ms since the epoch): one whose time is over is none. */
export const freezeAt = (freeze: Freeze | undefined, now: number): Freeze | undefined =>
  freeze?.until !== undefined && Date.parse(freeze.until) <= now ? undefined : freeze;

/** `frozen by ana at 2026-…: an audit`. */
export const freezeWords = ({ by, at, until, reason }: Freeze): string =>
  `frozen by ${by} at ${at}${until === undefined ? '' : ` until ${until}`}: ${reason}`;

export interface TargetChange {
  /** RFC 3339. */
  readonly at: string;
  /** Workflow id. */
  readonly by: string;
}

/** The data of a store that a restore left neither as they were nor as it wanted them. */
export interface NotBack {
  /** RFC 3339. */
  readonly at: string;
  /** Workflow id of the restore. */
  readonly by: string;
  readonly why: string;
  /** What brings them back, for people. */
  readonly way?: string | undefined;
  /** Written before they were touched: whether they are whole, nobody knows. */
  readonly begun?: boolean | undefined;
}

/** Somebody has seen to data that were not back. */
export interface Accepted {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
  /** When what they saw was written: what came after it stays. */
  readonly seen: string;
}

/** What the query `target` answers. */
export interface TargetState {
  readonly holders: readonly LockHolder[];
  readonly waiting: readonly LockRequest[];
  readonly frozen?: Freeze | undefined;
  readonly fence: number;
  /** When it was last granted to a run that changes its data, and to whom. */
  readonly changed?: TargetChange | undefined;
  /** Until an undo or another restore has brought them back, or a person says that they are in order. */
  readonly notBack?: NotBack | undefined;
  readonly accepted?: Accepted | undefined;
  /** After a holder that died: no grant before this time, for its activities may still be running. RFC 3339. */
  readonly notBefore?: string | undefined;
}

export const LOCK_REQUEST_SIGNAL = 'lockRequest';
export const LOCK_RELEASE_SIGNAL = 'lockRelease';
/** By the holder: its data are not back, or (null) they are. */
export const NOT_BACK_SIGNAL = 'notBack';
export const LOCK_ANSWER_SIGNAL = 'lockAnswer';
export const TARGET_QUERY = 'target';
export const FREEZE_UPDATE = 'freeze';
export const THAW_UPDATE = 'thaw';
/** By a person who has seen to it: the data are in order. */
export const ACCEPT_UPDATE = 'accept';

/** Input of the target entity; `state` is carried over when it continues as new. */
export interface TargetInput {
  readonly stack: string;
  readonly target: string;
  readonly site: string;
  readonly state?: TargetState;
  /** How often holders are looked after while someone waits, in seconds; left out: 15. */
  readonly lookSeconds?: number;
  /** How long the activities of a dead holder may still be running, in seconds; left out: as heartbeats have it. */
  readonly afterlifeSeconds?: number;
  /** Longest wait for a worker that looks after holders, in seconds; left out: 300. */
  readonly workerSeconds?: number;
  /** Events after which it continues as new; left out: when Temporal suggests it. */
  readonly maxEvents?: number;
}
