import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyChain, type StoredRecord } from '../../src/contracts/evidence.js';
import { keys } from '../../src/contracts/keys.js';
import type { EvidenceRecord } from '../../src/contracts/stored/others.js';

const AT = '2026-11-22T02:00:00.000Z';

/** Records as the ledger writes them. */
function chainOf(count: number): StoredRecord[] {
  const records: StoredRecord[] = [];
  let previous: string | null = null;
  for (let number = 1; number <= count; number++) {
    const record: EvidenceRecord = {
      ...{ version: 1, number, previous, stack: 'rag', procedure: 'backup', by: 'schedule' },
      ...{ startedAt: AT, closedAt: AT, outcome: 'done', steps: [], approvals: [] },
      run: { workflowId: `backup.rag.${number}`, runId: `run ${number}` },
    };
    const bytes = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
    records.push({ key: keys.record(number), bytes });
    previous = createHash('sha256').update(bytes).digest('hex');
  }
  return records;
}

const edit = (record: StoredRecord, change: (text: string) => string): StoredRecord => ({
  ...record,
  bytes: Buffer.from(change(Buffer.from(record.bytes).toString())),
});
const at = (records: readonly StoredRecord[], number: number): StoredRecord => {
  const found = records[number - 1];
  if (found === undefined) throw new Error(`no record ${number}`);
  return found;
};

describe('a chain of records', () => {
  it('holds as the ledger wrote it, and gives the head', () => {
    const records = chainOf(5);
    const verdict = verifyChain(records);
    expect(verdict.broken).toBeUndefined();
    expect(verdict.records).toHaveLength(5);
    expect(verdict.head).toEqual({
      number: 5,
      sha256: createHash('sha256').update(at(records, 5).bytes).digest('hex'),
    });
    expect(verifyChain([])).toEqual({ head: undefined, records: [] });
  });

  it('breaks after a record that was changed, also in a blank', () => {
    const records = chainOf(4);
    const changed = records.with(
      1,
      edit(at(records, 2), (text) => text.replace('"done"', '"done" ')),
    );
    expect(verifyChain(changed).broken).toMatchObject({
      number: 3,
      why: expect.stringContaining('the record before it was changed') as string,
    });
    expect(verifyChain(changed).head?.number).toBe(2);
  });

  it('breaks where one or several were removed', () => {
    const records = chainOf(5);
    expect(verifyChain(records.toSpliced(2, 1)).broken).toMatchObject({
      number: 3,
      why: 'record 3 is missing',
    });
    expect(verifyChain(records.toSpliced(1, 3)).broken).toMatchObject({ why: 'records 2 to 4 are missing' });
    expect(verifyChain(records.slice(1)).broken).toMatchObject({ number: 1, why: 'record 1 is missing' });
  });

  it('breaks where two changed places', () => {
    const records = chainOf(4);
    const [two, three] = [at(records, 2), at(records, 3)];
    const swapped = records.with(1, { ...three, key: two.key }).with(2, { ...two, key: three.key });
    expect(verifyChain(swapped).broken).toMatchObject({ number: 2, why: 'it says it is number 3' });
  });

  it('breaks where one was put in and the others moved up', () => {
    const records = chainOf(3);
    const forged = edit(at(records, 2), (text) => text.replace('run 2', 'run 2b'));
    const moved = (number: number, record: StoredRecord): StoredRecord =>
      edit({ ...record, key: keys.record(number) }, (text) =>
        text.replace(/"number": \d+/, `"number": ${number}`),
      );
    const verdict = verifyChain([at(records, 1), forged, moved(3, at(records, 2)), moved(4, at(records, 3))]);
    expect(verdict.broken?.number).toBe(3);
  });

  it('names what is no record', () => {
    const records = chainOf(2);
    const broken = (change: (text: string) => string) =>
      verifyChain(records.with(1, edit(at(records, 2), change))).broken?.why;
    expect(broken(() => 'half of it')).toBe('not JSON text');
    expect(broken((text) => text.replace('"version": 1', '"version": 2'))).toBe(
      'of a newer steadyhand (version 2)',
    );
    expect(broken((text) => text.replace('"procedure"', '"procedur"'))).toMatch(/^not a record: /);
    expect(broken((text) => text.replace(/"previous": "[0-9a-f]+"/, '"previous": null'))).toBe(
      'it names no record before it',
    );
  });

  it('breaks whatever single byte is changed before the last record', () => {
    const records = chainOf(3);
    fc.assert(
      fc.property(fc.nat(1), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, where, by) => {
        const record = at(records, which + 1);
        const bytes = Buffer.from(record.bytes);
        const offset = where % bytes.length;
        bytes[offset] = ((bytes[offset] ?? 0) + by) % 256;
        expect(verifyChain(records.with(which, { ...record, bytes })).broken).toBeDefined();
      }),
    );
  });
});
