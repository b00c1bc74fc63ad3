import { FAILURES } from './failure-registry.js';

export { FAILURES };
export type FailureCode = keyof typeof FAILURES;
export type FailureFacts = Record<string, string | number | boolean | undefined>;

/** An error of the registry. `facts` must be free of secrets: they are shown, logged and kept in histories. */
export class SteadyError extends Error {
  override readonly name = 'SteadyError';
  constructor(
    readonly code: FailureCode,
    readonly facts: FailureFacts = {},
    options?: {
      cause?: unknown;
      retryable?: boolean;
      /** What to do next, where that of the registry does not fit what happened. */
      hint?: string | undefined;
    },
  ) {
    super(failureMessage(code, facts), options?.cause === undefined ? undefined : { cause: options.cause });
    this.retryable = options?.retryable ?? FAILURES[code].retryable;
    this.hint = options?.hint ?? FAILURES[code].hint;
  }
  readonly retryable: boolean;
  readonly hint: string;
}

/** `what failed [key=value key="a value"]`; facts that are undefined are left out. */
export function failureMessage(code: FailureCode, facts: FailureFacts): string {
  const parts = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoteIfNeeded(String(value))}`);
  const what = FAILURES[code].what;
  return parts.length === 0 ? what : `${what} [${parts.join(' ')}]`;
}

function quoteIfNeeded(value: string): string {
  return /^[^\s"\]]+$/.test(value) ? value : JSON.stringify(value);
}

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}
