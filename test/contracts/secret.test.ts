import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { FAILURES, SteadyError } from '../../src/contracts/failures.js';
import { redact, Secret } from '../../src/contracts/secret.js';

it('shows a secret nowhere but where it is asked for by name', () => {
  const secret = new Secret('hunter22');
  const shown = [
    `${String(secret)}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: { secret } }, { depth: 9 }),
  ];
  for (const text of shown) expect(text).not.toContain('hunter22');
  expect(secret.reveal()).toBe('hunter22');
});

it('takes secrets out of what a tool says', () => {
  expect(redact('password "hunter22" refused, hunter22!', [new Secret('hunter22')])).toBe(
    'password "[secret]" refused, [secret]!',
  );
});

it('says what failed with its facts, quoted where they need it', () => {
  const error = new SteadyError('storage.missing', {
    key: 'a/b.json',
    error: 'no such thing',
    empty: undefined,
  });
  expect(error.message).toBe('an object is missing [key=a/b.json error="no such thing"]');
  expect(error.hint).toBe(FAILURES['storage.missing'].hint);
});

it('gives every code words and a hint that end as sentences do', () => {
  for (const [code, { what, hint }] of Object.entries(FAILURES)) {
    expect(what, code).toMatch(/^[^A-Z].*[^.]$/);
    expect(hint, code).toMatch(/^[A-Z`].*\.$/);
  }
});
