/** One way to fail: what failed, whether the same again may work without a person, and what to do next. */
export interface FailureKind {
  readonly what: string;
  readonly retryable: boolean;
  readonly hint: string;
}

export const kind = (what: string, retryable: boolean, hint: string): FailureKind => ({
  what,
  retryable,
  hint,
});
