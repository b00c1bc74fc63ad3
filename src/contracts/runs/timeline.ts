/** A step of a run: what a person would have ticked off. */
export interface Step {
  readonly title: string;
  status: 'running' | 'done' | 'failed' | 'undone';
  readonly startedAt: string;
  endedAt?: string;
  /** Results worth keeping, a line each. */
  notes: string[];
  failure?: { code: string; message: string };
}

/** What the query `timeline` answers. */
export interface Timeline {
  readonly procedure: string;
  readonly stack: string;
  readonly by: string;
  readonly startedAt: string;
  readonly steps: Step[];
  /** What the run waits for now, in words. */
  readonly waiting?: string | undefined;
}

/** Progress in the heartbeat of a running activity. Bytes are before compression. */
export interface ActivityProgress {
  readonly title: string;
  readonly store?: string;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly totalBytes?: number;
  readonly startedAt: string;
  readonly line?: string;
}

export const TIMELINE_QUERY = 'timeline';
