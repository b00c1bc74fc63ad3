/** Lines of a log that say the same but for numbers, times and ids. */
export interface LogGroup {
  /** What they have in common; what differs is `#`. */
  readonly pattern: string;
  readonly count: number;
  /** The last of them. */
  readonly example: string;
}

/** What was read of a service's log. No secret of the stack is in it. */
export interface LogRead {
  readonly service: string;
  /** The last ones, oldest first. */
  readonly lines: readonly string[];
  /** Of its errors, the most frequent first. */
  readonly errors: readonly LogGroup[];
}

/** A log as it was watched after a change. */
export interface LogWatched extends LogRead {
  /** Kinds of errors that were not in it before the change. */
  readonly fresh: readonly LogGroup[];
  /** The line that the stack file calls a failure. */
  readonly failure?: string;
}

/** What somebody wants to see of a log. */
export interface LogQuery {
  readonly service: string;
  /** How many of the last lines that fit. */
  readonly lines: number;
  /** Only what was written since, RFC 3339. */
  readonly since?: string;
  /** Only what was written before the last start. */
  readonly previous?: boolean;
  /** Errors alone. */
  readonly errors?: boolean;
  /** Lines in which each of these is told: a field of JSON, or `name=value` in a plain line. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** The answer: no secret of the stack is in it. */
export interface LogAnswer extends LogRead {
  /** Lines that were looked through, and how many of them fit. */
  readonly looked: number;
  readonly found: number;
  /** All that fit, by kind, the most frequent first. */
  readonly groups: readonly LogGroup[];
}
