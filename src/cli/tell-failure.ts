import { formatProblems, StackFileError } from '../config/problems.js';
import type { SteadyError } from '../contracts/failures.js';
import { failureLines } from './failure-lines.js';
import { plainText } from './plain-text.js';

/** Tells one failure: for people what failed, its code and what to do next; with --json as one document on stdout. */
export function tellFailure(failure: SteadyError, options: { readonly json: boolean }): void {
  const { code, message, hint } = failure;
  if (options.json) {
    const problems = failure instanceof StackFileError ? { problems: failure.problems } : {};
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint, ...problems } })}\n`);
  } else {
    process.stderr.write(failureText(failure));
  }
  if (code === 'internal' && process.env['STEADY_DEBUG'])
    process.stderr.write(`${(failure.cause as Error | undefined)?.stack ?? ''}\n`);
}

/** A failure as people see it: what failed, its code and what to do next. */
export function failureText(failure: SteadyError): string {
  const words =
    failure instanceof StackFileError
      ? formatProblems(failure.problems)
      : `error: ${failureLines(failure.message).join('\n')}`;
  return `${plainText(words)}\n  code: ${failure.code}\n  hint: ${failure.hint}\n`;
}
