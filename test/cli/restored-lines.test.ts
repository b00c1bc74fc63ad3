import { describe, expect, it } from 'vitest';
import { restoredLines } from '../../src/cli/restored-lines.js';

const RUN = 'restore.shop.20261122T030000Z-k7q2m9xd';
const db = { store: 'db', id: '20261122T020000Z-aaaaaaaa', rawBytes: 2048, loadSeconds: 3, findings: [] };
const cache = { ...db, store: 'cache', id: '20261122T020000Z-bbbbbbbb' };
const SAFETY = '20261122T030010Z-cccccccc';
const linesOf = (...stores: readonly (typeof db & { keptAs?: string; gapSeconds?: number })[]): string[] =>
  restoredLines({ dryRun: false, lines: [], stores, rtoSeconds: 12 }, RUN);

describe('what a restore says at its end', () => {
  it('names backup, size, times and where the replaced data are, and the undo', () => {
    expect(linesOf({ ...db, gapSeconds: 0.0123, keptAs: 'shop_old_k7q2m9xd' })).toEqual([
      'db  20261122T020000Z-aaaaaaaa  2.0 KiB  loaded in 3.0 s  gap 0.01 s  replaced data kept as shop_old_k7q2m9xd',
      'RTO 12 s, from the go to checks that answer',
      `Switch back with: steady restore undo ${RUN}`,
    ]);
  });

  it('does not say that checks answered where none is named', () => {
    const result = { dryRun: false, lines: [], stores: [db], rtoSeconds: 12, answered: false };
    expect(restoredLines(result, RUN)[1]).toBe(
      'RTO 12 s, from the go to its end: the file names no health check and no check that could tell that all answers',
    );
  });

  it('names the backup taken first where a restore in place left nothing to undo', () => {
    expect(linesOf({ ...db, keptAs: `backup ${SAFETY}` }).slice(2)).toEqual([
      `Switch db back with: steady restore ${SAFETY} --in-place --unverified`,
    ]);
  });

  it('offers the undo of the stores of which something is kept, and says what is left of the others', () => {
    const kept = { ...cache, keptAs: '/data/old' };
    expect(linesOf({ ...db, keptAs: `backup ${SAFETY}` }, kept).slice(3)).toEqual([
      `Switch cache back with: steady restore undo ${RUN}`,
      `Switch db back with: steady restore ${SAFETY} --in-place --unverified`,
    ]);
    expect(linesOf(db, kept, { ...kept, store: 'uploads' }).slice(4)).toEqual([
      `Switch cache, uploads back with: steady restore undo ${RUN}`,
      'db cannot be switched back: nothing that was there is kept',
    ]);
  });

  it('offers no undo where nothing at all is kept', () => {
    expect(linesOf(db).slice(2)).toEqual(['db cannot be switched back: nothing that was there is kept']);
  });

  it('has nothing to switch back when the data went to a new place', () => {
    expect(restoredLines({ dryRun: false, lines: [], stores: [db] }, RUN)).toHaveLength(1);
  });

  it('changes nothing in a dry run, and says so', () => {
    expect(restoredLines({ dryRun: true, lines: ['db: load'], stores: [] }, RUN)).toEqual([
      'What would happen:',
      '  db: load',
      'Nothing was changed.',
    ]);
  });
});
