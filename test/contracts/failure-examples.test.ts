import { beforeAll, describe, expect, it } from 'vitest';
import { FAILURE_EXAMPLES } from '../../scripts/docs/failure-examples.js';
import { FAILURES, type FailureCode } from '../../src/contracts/failures.js';
import { failurePlaces, mayGive, type FailurePlace } from './failure-places.js';

/** Their facts are called after stores of the stack. */
const NAMED_BY_THE_STACK: readonly FailureCode[] = [
  'run.left',
  'backup.failed',
  'backup.unproven',
  'store.half-undone',
];

let places: FailurePlace[];
beforeAll(() => {
  places = failurePlaces();
}, 120_000);

describe('the examples of docs/errors.md', () => {
  it.each(Object.keys(FAILURES) as FailureCode[])(
    '%s has the facts that a place of the code gives',
    (code) => {
      const example = FAILURE_EXAMPLES[code];
      const others = NAMED_BY_THE_STACK.includes(code);
      const given = mayGive(places, code, example, { others });
      const own = places.filter(({ codes }) => codes.includes(code));
      const said = own.map(({ where, facts }) => `${where}: ${[...facts.keys()].join(', ')}`);
      expect(given ? [] : said, `no place gives ${Object.keys(example).join(', ')}`).toEqual([]);
      expect(given).toBe(true);
    },
  );
});

describe('a fact that no place gives', () => {
  const may = (code: FailureCode, example: Record<string, unknown>) =>
    mayGive(places, code, example, { others: false });

  it('is found: by a wrong name, by one too few, by text that is spelled otherwise', () => {
    const given = { queue: 'steady.main.backup', step: 'dumpStore', waited: '600s' };
    expect(may('worker.absent', given)).toBe(true);
    expect(may('worker.absent', { ...given, store: 'db' })).toBe(false);
    expect(may('worker.absent', { queue: given.queue, step: given.step })).toBe(false);
    expect(may('worker.absent', { ...given, waited: '600' })).toBe(false);
  });

  it('is found in what is told on by another place', () => {
    const given = { channel: 'ops', host: 'hooks.slack.com', status: 404 };
    expect(may('notify.refused', given)).toBe(true);
    expect(may('notify.refused', { ...given, to: 'hooks.slack.com' })).toBe(false);
    expect(may('notify.refused', { channel: 'ops', status: 404 })).toBe(false);
  });
});
