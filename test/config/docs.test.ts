import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { generatedFiles } from '../../scripts/docs/generated-files.js';
import { formatProblem } from '../../src/config/problems.js';
import { parseStackText } from '../../src/config/parse-stack-text.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/steady-yaml.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1] ?? '');

describe('the documentation of steady.yaml', () => {
  it('is what the schema gives (else run: npx tsx scripts/generate-docs.ts)', async () => {
    for (const [path, text] of Object.entries(await generatedFiles(root))) {
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(text);
    }
  });

  it('begins with a whole stack file, and has an example for each part', () => {
    expect(blocks).toHaveLength(11);
    expect(parseStackText(blocks[0] ?? '', 'steady.yaml').stack.stack).toBe('shop');
  });

  it.each(blocks.map((text, index) => [index, text] as const))(
    'example %i is valid in that file',
    (_, text) => {
      const whole = parse(blocks[0] ?? '') as Record<string, unknown>;
      const both = stringify({ ...whole, ...(parse(text) as object) }, { aliasDuplicateObjects: false });
      const { warnings } = parseStackText(both, 'steady.yaml', { now: new Date('2026-11-22T12:00:00Z') });
      const allowed = /of the examples|backups are not encrypted|no plan backs up/;
      expect(warnings.map(formatProblem).filter((line) => !allowed.test(line))).toEqual([]);
    },
  );

  it('names every field with its meaning', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
  });
});
