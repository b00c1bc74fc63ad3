import type { z } from 'zod';
import { describeFound, mayBeSecret } from './found.js';
import { nearest } from '../contracts/nearest.js';
import type { FieldPath, Problem } from './problems.js';
import { allowedAt, boundWords, customWords, formatWords, typeWords } from './issue-words.js';
import { fieldsAt } from './schema-look.js';

/** A problem before it has its place: what is wrong at which path, and whether its key or its value is meant. */
export interface Finding {
  readonly path: FieldPath;
  readonly at: 'key' | 'value' | 'parent';
  readonly message: string;
  readonly found?: string | undefined;
  readonly allowed?: readonly string[] | undefined;
  readonly nearest?: string | undefined;
}

type Issue = z.core.$ZodIssue;

/** Findings for the issues zod raised about a value. */
export function findingsOf(issues: readonly Issue[], value: unknown): Finding[] {
  const findings = issues
    .filter((issue, index) => !issues.slice(index + 1).some((later) => isStricter(later, issue)))
    .flatMap((issue) => ofIssue(issue, [], value));
  // `postgress: {…}` is one mistake, not two: the unknown field is told, "none of the kinds is named" is not.
  const unknownAt = new Set(
    findings.filter((f) => f.message === UNKNOWN).map((f) => JSON.stringify(f.path.slice(0, -1))),
  );
  return findings.filter(
    (f) => !(f.message.includes('must name exactly one of') && unknownAt.has(JSON.stringify(f.path))),
  );
}

const UNKNOWN = 'unknown field';

/** A whole number too large to count with is beyond the limit of its field as well. */
const isStricter = (later: Issue, issue: Issue): boolean =>
  later.code === issue.code &&
  (issue.code === 'too_big' || issue.code === 'too_small') &&
  later.path.join('\0') === issue.path.join('\0');

function ofIssue(issue: Issue, base: FieldPath, value: unknown): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const actual = valueAt(value, path);
  const found = describeFound(actual, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField([...path, key]));
    case 'invalid_type':
      if (actual === undefined)
        return [{ path, at: 'parent', message: 'missing', allowed: [typeWords(issue.expected)] }];
      return [
        {
          path,
          at: 'value',
          message: 'wrong kind of value',
          found,
          allowed: allowedAt(path, issue.expected),
        },
      ];
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      if (actual === undefined) return [{ path, at: 'parent', message: 'missing', allowed }];
      if (typeof actual === 'string' && allowed.includes(actual))
        return [{ path, at: 'value', message: 'must be a number: without the quotes', found }];
      const near = typeof actual === 'string' ? nearest(actual, allowed) : undefined;
      return [{ path, at: 'value', message: 'not allowed', found, allowed, nearest: near }];
    }
    case 'invalid_union':
      return ofUnion(issue.errors, path, value, actual);
    case 'invalid_key':
      return [{ path, at: 'key', message: issue.issues[0]?.message ?? 'not a name that is allowed' }];
    case 'too_small':
    case 'too_big':
      return [{ path, at: 'value', message: customWords(issue) ?? boundWords(issue), found }];
    case 'invalid_format':
      return [{ path, at: 'value', message: customWords(issue) ?? formatWords(issue.format), found }];
    case 'custom':
      return [{ path, at: 'key', message: issue.message, ...(isPlain(actual) ? { found } : {}) }];
    default:
      return [{ path, at: 'value', message: issue.message, found }];
  }
}

/** An unknown field, with the nearest right one: beside it, or one level down or up where only the place is wrong. */
export function unknownField(path: FieldPath): Finding {
  const key = String(path.at(-1));
  const allowed = fieldsAt(path.slice(0, -1));
  const near = nearest(key, allowed);
  return {
    path,
    at: 'key',
    message: UNKNOWN,
    allowed: allowed.length > 0 ? allowed : ['nothing'],
    nearest: near,
  };
}

/** Of alternatives, the one that was meant: of the same type as what was found, and with the fewest mistakes. */
function ofUnion(branches: readonly Issue[][], path: FieldPath, value: unknown, actual: unknown): Finding[] {
  if (actual === undefined) return [{ path, at: 'parent', message: 'missing', allowed: allowedAt(path) }];
  const fitting = branches.filter(
    (issues) => !issues.some((i) => i.code === 'invalid_type' && i.path.length === 0),
  );
  if (fitting.length === 0) {
    return [
      {
        path,
        at: 'value',
        message: 'wrong kind of value',
        found: describeFound(actual, path),
        allowed: allowedAt(path),
      },
    ];
  }
  if (mayBeSecret(path, actual)) {
    const keys = typeof actual === 'object' && actual !== null ? Object.keys(actual) : [];
    const known = fieldsAt(path);
    const unknown = keys.filter((key) => !known.includes(key));
    if (unknown.length > 0) return unknown.map((key) => unknownInSecret(path, key));
    if (keys.length !== 1) {
      const message = 'must name exactly one of env, file';
      return [{ path, at: 'key', message, found: keys.length === 0 ? 'none' : keys.join(' and ') }];
    }
  }
  const meant = [...fitting].sort((a, b) => weight(a) - weight(b))[0] ?? [];
  return meant.flatMap((issue) => ofIssue(issue, path, value));
}

/** In the place of a secret, even a field's name may be the secret itself: only a misspelt one is quoted. */
function unknownInSecret(path: FieldPath, key: string): Finding {
  const field = unknownField([...path, key]);
  if (field.nearest !== undefined) return field;
  return {
    path,
    at: 'key',
    message: 'wrong kind of value',
    found: 'an unknown field',
    allowed: allowedAt(path),
  };
}

/** A wrong value in a known field is nearer to what was meant than a missing or an unknown field. */
function weight(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 3 : 1), 0);
}

const isPlain = (value: unknown): boolean =>
  value !== undefined && (typeof value !== 'object' || value === null);

function valueAt(value: unknown, path: FieldPath): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

/** A finding with its place in the file. */
export function problemAt(
  finding: Finding,
  place: (path: FieldPath, at: Finding['at']) => { file: string; line: number; column: number },
  field: string,
): Problem {
  const { path, at, message, found, allowed, nearest: near } = finding;
  return {
    ...place(path, at),
    field,
    message,
    ...(found === undefined ? {} : { found }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(near === undefined ? {} : { nearest: near }),
  };
}
