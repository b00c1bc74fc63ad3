import { describe, expect, it } from 'vitest';
import { restoringFilters, storingFilters } from '../../src/pipelines/filters.js';

describe('filters', () => {
  it('compresses, then encrypts to every recipient', () => {
    const tools = storingFilters(['age1a', 'age1b'], { level: 1, threads: 2, marker: 'm1' });
    expect(tools).toEqual([
      { label: 'zstd', argv: ['zstd', '-q', '-c', '-1', '-T2'], env: { STEADY_MARKER: 'm1' } },
      { label: 'age', argv: ['age', '-r', 'age1a', '-r', 'age1b'], env: { STEADY_MARKER: 'm1' } },
    ]);
  });

  it('only compresses without recipients, politely where asked', () => {
    expect(storingFilters([], { niceness: 5 })).toEqual([
      { label: 'zstd', argv: ['zstd', '-q', '-c', '-1', '-T1'], env: {}, niceness: 5 },
    ]);
  });

  it('names the identity by a descriptor, never in argv', () => {
    expect(restoringFilters(true).map((tool) => tool.argv)).toEqual([
      ['age', '-d', '-i', '/dev/fd/3'],
      ['zstd', '-d', '-q', '-c'],
    ]);
  });
});
