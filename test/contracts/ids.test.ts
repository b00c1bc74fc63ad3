import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimeId, leavesRecord, parseRunId, runId, timeId, timeOfId } from '../../src/contracts/ids.js';
import { backupIdOfManifestKey, keys, parseMarkKey, parseProofKey } from '../../src/contracts/keys.js';
import { taskQueue } from '../../src/contracts/names.js';

describe('time-led ids', () => {
  it('read as the moment and eight characters of Crockford base32', () => {
    expect(timeId(new Date('2026-11-22T02:00:00.999Z'), Uint8Array.from([0, 0, 0, 0, 0]))).toBe(
      '20261122T020000Z-00000000',
    );
    expect(timeId(new Date('2026-11-22T02:00:00Z'), Uint8Array.from([255, 255, 255, 255, 255]))).toBe(
      '20261122T020000Z-zzzzzzzz',
    );
  });

  it('give their moment back, whatever the randomness', () => {
    const moments = fc.integer({ min: 0, max: 4_102_444_799 });
    const entropy = fc.uint8Array({ minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(moments, entropy, (seconds, bytes) => {
        expect(timeOfId(timeId(new Date(seconds * 1000), bytes))?.getTime()).toBe(seconds * 1000);
      }),
    );
  });

  it('sort as their moments do', () => {
    const at = (text: string) => timeId(new Date(text), Uint8Array.from([9, 9, 9, 9, 9]));
    expect(at('2026-11-22T02:00:00Z') < at('2026-11-22T02:00:01Z')).toBe(true);
  });

  it.each([
    'latest',
    '20261122T020000Z',
    '20261122T020000Z-k7q2m9xi',
    '20261322T020000Z-k7q2m9xd',
    '../20261122T020000Z-k7q2m9xd',
  ])('%s is none', (text) => {
    expect(isTimeId(text)).toBe(false);
  });
});

it('gives the parts of a workflow id back, also of one that a Schedule made', () => {
  expect(parseRunId(runId('restore', 'shop', '20261122T020000Z-k7q2m9xd'))).toEqual({
    procedure: 'restore',
    stack: 'shop',
    last: '20261122T020000Z-k7q2m9xd',
  });
  expect(parseRunId('backup.shop.nightly-2026-11-22T03:00:00Z')?.last).toBe('nightly-2026-11-22T03:00:00Z');
  expect(parseRunId('something-else')).toBeUndefined();
});

it('names the queue of a role at a site', () => {
  expect(taskQueue('main', 'proof')).toBe('steady.main.proof');
});

it('say which runs leave a record: no child, no look-up, nothing that tells, no entity', () => {
  for (const one of ['backup', 'restore', 'restore-undo', 'hold', 'sweep'])
    expect(leavesRecord(one), one).toBe(true);
  for (const one of ['backup-store', 'look', 'check', 'notify', 'target', 'storage', 'ledger', 'watch', ''])
    expect(leavesRecord(one), one).toBe(false);
});

describe('keys in storage', () => {
  const time = new Date('2026-11-22T03:04:05.678Z');
  it('tell of a proof what status needs', () => {
    const key = keys.proof('db', '20261122T020000Z-k7q2m9xd', time, 'restored', false);
    expect(key).toBe('proofs/db/20261122T020000Z-k7q2m9xd/20261122T030405Z-restored-failed.json');
    expect(parseProofKey(key)).toEqual({
      store: 'db',
      backupId: '20261122T020000Z-k7q2m9xd',
      time: new Date('2026-11-22T03:04:05Z'),
      depth: 'restored',
      passed: false,
    });
  });

  it('tell of a mark its kind and moment', () => {
    const key = keys.mark('db', 'x', time, 'keep');
    expect(parseMarkKey(key)).toMatchObject({ store: 'db', backupId: 'x', kind: 'keep' });
    expect(parseMarkKey('marks/db/x/whatever.json')).toBeUndefined();
  });

  it('give a backup id only for manifests', () => {
    expect(backupIdOfManifestKey(keys.manifest('db', 'x'))).toBe('x');
    expect(backupIdOfManifestKey('manifests/db/x/y.json')).toBeUndefined();
  });

  it('number records so that they sort', () => {
    expect([keys.record(10), keys.record(9)].sort()).toEqual([
      'records/0000000009.json',
      'records/0000000010.json',
    ]);
  });
});
