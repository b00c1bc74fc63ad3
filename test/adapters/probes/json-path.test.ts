import { describe, expect, it } from 'vitest';
import { valueAt } from '../../../src/adapters/probes/json-path.js';

const answer = {
  status: 'ok',
  checks: { db: { up: true } },
  list: [{ n: 1 }, { n: 2 }],
  'a.b': 1,
  deep: { 'x.y': 2 },
  nothing: null,
};

describe('valueAt', () => {
  it.each([
    ['status', 'ok'],
    ['checks.db.up', true],
    ['list.1.n', 2],
    ['a.b', 1],
    ['deep.x.y', 2],
    ['nothing', null],
    ['nothing.more', undefined],
    ['checks.cache.up', undefined],
    ['status.length', undefined],
    ['toString', undefined],
    ['list.length', 2],
    ['', undefined],
  ])('finds at %s: %j', (path, value) => {
    expect(valueAt(answer, path)).toEqual(value);
  });
});
