import type { z } from 'zod';
import { DURATION_PATTERN, SIZE_PATTERN } from '../contracts/stack/units.js';
import type { FieldPath } from './problems.js';
import { isSecretRef, schemasAt } from './schema-look.js';

type Issue = z.core.$ZodIssue;

/** Text of a form of its own, by its pattern: a number alone is what people write there. */
const PATTERN_WORDS: Readonly<Record<string, string>> = {
  [DURATION_PATTERN.source]: 'a duration such as 26h',
  [SIZE_PATTERN.source]: 'a size such as 64MiB',
};

/** What may stand at a path, in words. */
export function allowedAt(path: FieldPath, expected?: string): string[] {
  const nodes = schemasAt(path);
  const words = nodes.map((node) => {
    if (isSecretRef(node)) return '';
    if (node.enum) return node.enum.map(String).join(', ');
    return node.type === undefined ? '' : (PATTERN_WORDS[node.pattern ?? ''] ?? typeWords(node.type));
  });
  if (words.includes('')) words.push('{ env: NAME }', '{ file: PATH }');
  const named = [...new Set(words.filter((word) => word !== ''))];
  return named.length > 0 ? named : [typeWords(expected ?? 'value')];
}

export function typeWords(type: string): string {
  const words: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
  };
  return words[type] ?? `a ${type}`;
}

export function boundWords(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const least = issue.code === 'too_small';
  const limit = least ? issue.minimum : issue.maximum;
  const bound = `at ${least ? 'least' : 'most'} ${String(limit)}`;
  if (issue.origin === 'string')
    return least && limit === 1 ? 'must not be empty' : `must have ${bound} characters`;
  if (issue.origin === 'array')
    return least && limit === 1 ? 'must not be empty' : `must have ${bound} items`;
  return `must be ${bound}`;
}

export function formatWords(format: string): string {
  return format === 'url' ? 'must be an address such as https://host:port/path' : `must be a valid ${format}`;
}

/** A message our own schema gave; zod's own begin with these words. */
export function customWords(issue: Issue): string | undefined {
  return /^(Too (small|big)|Invalid)\b/.test(issue.message) ? undefined : issue.message;
}
