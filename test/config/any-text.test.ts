import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatProblem, StackFileError } from '../../src/config/problems.js';
import { parseStackText } from '../../src/config/parse-stack-text.js';
import { NOW } from './stack-text.js';
import { WHOLE_STACKS } from './whole-stacks.js';

const file = fc.constantFrom(...WHOLE_STACKS);

/** Any text gives a stack or a list of problems, each in one line with a place in the file; never another error. */
function check(text: string): 'valid' | 'problems' {
  try {
    parseStackText(text, 'steady.yaml', { now: NOW });
    return 'valid';
  } catch (error) {
    if (!(error instanceof StackFileError)) throw error;
    const lineCount = text.split('\n').length;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const problem of error.problems) {
      const line = formatProblem(problem);
      expect(line).toMatch(/^steady\.yaml:\d+:\d+(: | .+: )\S/);
      expect(line).not.toMatch(/\n| at .*\.[jt]s:\d/);
      expect(problem.message).not.toMatch(/undefined|\[object|Too small|Too big|Invalid input|NaN/);
      expect(problem.line).toBeLessThanOrEqual(lineCount);
    }
    return 'problems';
  }
}

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom(
          'version',
          'stack',
          'stores',
          'postgres',
          'redis',
          'files',
          'services',
          'needs',
          'plans',
          'keep',
        ),
        fc.constantFrom(
          'storage',
          'main',
          's3',
          'directory',
          'health',
          'http',
          'login',
          'approvers',
          '__proto__',
          '<<',
        ),
        fc.constantFrom('tls', 'limits', 'notify', 'lock', 'prove', 'reader', 'credentials', 'catchup'),
        fc.string(),
      ),
      tie('any'),
      { maxKeys: 6 },
    ),
  ),
})).any;

/** Parts of a valid file that a change may begin or end at. */
const offset = fc.nat({ max: Math.max(...WHOLE_STACKS.map((text) => text.length)) });
const piece = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '\t',
    '\n',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!x ',
    '%',
    '#',
    '? ',
    '<<: *a',
    '---\n',
    '\ufeff',
    '\u0000',
  ),
);

describe('any text', () => {
  it('is a stack or a list of problems', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.array(piece).map((p) => p.join('')),
        ),
        (text) => void check(text),
      ),
      { numRuns: 400 },
    );
  });

  it('of any structure is a stack or a list of problems', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(value, (any) => void check(stringify(any))),
      { numRuns: 400 },
    );
  });

  it(
    'made from a valid file by a change anywhere is a stack or a list of problems',
    { timeout: 60_000 },
    () => {
      const seen = new Set<string>();
      fc.assert(
        fc.property(file, offset, fc.nat({ max: 30 }), piece, (text, at, length, put) => {
          seen.add(check(text.slice(0, at) + put + text.slice(at + length)));
        }),
        { numRuns: 600 },
      );
      expect([...seen].sort()).toEqual(['problems', 'valid']);
    },
  );

  it(
    'made from a valid file by taking out, doubling or swapping lines is a stack or a list of problems',
    { timeout: 60_000 },
    () => {
      const index = fc.nat();
      const how = fc.constantFrom('out', 'double', 'swap', 'indent');
      fc.assert(
        fc.property(file, index, index, how, (text, one, other, how) => {
          const changed = text.split('\n');
          const lines = [...changed];
          const [a, b] = [one % lines.length, other % lines.length];
          if (how === 'out') changed.splice(a, 1);
          else if (how === 'double') changed.splice(b, 0, lines[a] ?? '');
          else if (how === 'indent') changed[a] = `  ${changed[a]}`;
          else [changed[a], changed[b]] = [lines[b] ?? '', lines[a] ?? ''];
          check(changed.join('\n'));
        }),
        { numRuns: 400 },
      );
    },
  );
});
