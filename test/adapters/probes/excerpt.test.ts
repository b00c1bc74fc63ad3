import { describe, expect, it } from 'vitest';
import { excerpt } from '../../../src/adapters/probes/excerpt.js';
import { Secret } from '../../../src/contracts/secret.js';

describe('excerpt', () => {
  it('makes one short line', () => {
    expect(excerpt(' a\n\n  b\t')).toBe('a b');
    expect(excerpt('x'.repeat(500))).toHaveLength(200);
  });

  it('takes secrets out in each form they may be quoted in, also where the cut would halve one', () => {
    const secret = new Secret('p&s "w/ö');
    const body = `plain p&s "w/ö json p&s \\"w/ö url p%26s%20%22w%2F%C3%B6 form p%26s+%22w%2F%C3%B6`;
    expect(excerpt(body, [secret])).toBe('plain [secret] json [secret] url [secret] form [secret]');
    expect(excerpt(`${'x'.repeat(195)}hunter22`, [new Secret('hunter22')])).not.toContain('hunt');
  });
});
