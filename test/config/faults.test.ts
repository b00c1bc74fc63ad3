import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ENDINGS } from '../faults/endings.js';

const folder = fileURLToPath(new URL('../faults/', import.meta.url));

describe('docs/faults.md', () => {
  it('has a test for each fault, and no other', () => {
    const named = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => [
        ...readFileSync(`${folder}/${name}`, 'utf8').matchAll(
          /^\s*(?:fault|spoilt|held|jumped)\(\s*'([a-z-]+)'/gm,
        ),
      ])
      .map((match) => match[1]);
    expect(named.sort()).toEqual(Object.keys(ENDINGS).sort());
  });
});
