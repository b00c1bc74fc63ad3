import { SteadyError } from '../contracts/failures.js';

/** One thing that is wrong, or worth a warning, in a stack file; in words and place for the person who wrote it. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters; a tab is one. */
  readonly column: number;
  /** Dotted path such as `stores.db.postgres.database` or `plans.nightly.stores[0]`; empty for the whole file. */
  readonly field: string;
  /** What is wrong, such as `unknown field`. */
  readonly message: string;
  /** What was found, in words; never a secret. */
  readonly found?: string;
  /** What is allowed there. */
  readonly allowed?: readonly string[];
  /** The nearest right spelling. */
  readonly nearest?: string;
}

/** A stack file with something wrong in it: `config.invalid`, with every problem that was found. */
export class StackFileError extends SteadyError {
  constructor(
    file: string,
    readonly problems: readonly Problem[],
    hint?: string,
  ) {
    super('config.invalid', { file, problems: problems.length }, { hint });
  }
}

/**
 * One problem as a line: `steady.yaml:12:5 stores.db.postgres.databse: unknown field; did you mean "database"?`.
 */
export function formatProblem(problem: Problem): string {
  const { file, line, column, field, message, found, allowed, nearest } = problem;
  let text = `${file}:${line}:${column}${field === '' ? '' : ` ${field}`}: ${message}`;
  if (found !== undefined) text += `; found ${found}`;
  const showAllowed =
    allowed !== undefined && allowed.length > 0 && !(nearest !== undefined && found === undefined);
  if (showAllowed) text += `; allowed: ${allowed.join(', ')}`;
  if (nearest !== undefined) text += `; did you mean "${nearest}"?`;
  return text;
}

/** All problems, a line each, in order of their place in the file. */
export function formatProblems(problems: readonly Problem[]): string {
  return inOrder(problems).map(formatProblem).join('\n');
}

/** Problems by line, column and field, without doubles. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const key = formatProblem(problem);
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()].sort(
    (a, b) => a.line - b.line || a.column - b.column || (a.field < b.field ? -1 : a.field > b.field ? 1 : 0),
  );
}

export type FieldPath = readonly (string | number)[];

/** A path as people write it: `plans.nightly.stores[0]`; keys with other characters are quoted. */
export function fieldText(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part.length > 60 ? `${part.slice(0, 60)}…` : part)}]`;
  }
  return text;
}
