import { describe, expect, it } from 'vitest';
import { createTimedDocument } from '../../../src/activities/catalog/documents.js';
import { isVerified, listBackups } from '../../../src/activities/catalog/list-backups.js';
import { selectBackup } from '../../../src/activities/catalog/select-backup.js';
import { createMemoryStorage } from '../../../src/adapters/storage/memory.js';
import { keys } from '../../../src/contracts/keys.js';

const OLD = '20261120T020000Z-aaaaaaaa';
const NEW = '20261121T020000Z-bbbbbbbb';
const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 22, hour));

async function storageWith(...names: string[]) {
  const storage = createMemoryStorage();
  for (const name of names) await storage.create(name, Buffer.from('{}'));
  return storage;
}
const proof = (id: string, hour: number, depth: string, passed = true): string =>
  keys.proof('db', id, at(hour), depth, passed);
const mark = (id: string, hour: number, kind: string): string => keys.mark('db', id, at(hour), kind);

describe('the list of a store’s backups', () => {
  it('has those with a manifest only, oldest first, and none of another store', async () => {
    const storage = await storageWith(
      ...[keys.manifest('db', NEW), keys.manifest('db', OLD), keys.manifest('db2', NEW)],
      ...[keys.data('db', '20261122T020000Z-cccccccc', 'x.zst.000'), 'manifests/db/notes.json'],
    );
    expect((await listBackups(storage, 'db')).map((one) => one.id)).toEqual([OLD, NEW]);
  });

  it('tells the deepest passed proof, until a later one fails', async () => {
    const proven = async (...proofs: string[]) => {
      const [backup] = await listBackups(await storageWith(keys.manifest('db', NEW), ...proofs), 'db');
      return backup && { proven: backup.proven, failed: backup.failedAt !== undefined };
    };
    expect(await proven()).toEqual({ proven: undefined, failed: false });
    expect(await proven(proof(NEW, 1, 'restored'), proof(NEW, 2, 'readable'))).toEqual({
      proven: 'restored',
      failed: false,
    });
    expect(await proven(proof(NEW, 1, 'restored'), proof(NEW, 2, 'stored', false))).toEqual({
      proven: undefined,
      failed: true,
    });
    expect(await proven(proof(NEW, 1, 'readable', false), proof(NEW, 2, 'stored'))).toEqual({
      proven: 'stored',
      failed: false,
    });
    // In one second the bad news counts.
    expect(await proven(proof(NEW, 1, 'readable'), proof(NEW, 1, 'readable', false))).toEqual({
      proven: undefined,
      failed: true,
    });
  });

  it('never counts a backup as verified that is only stored', async () => {
    const [backup] = await listBackups(
      await storageWith(keys.manifest('db', NEW), proof(NEW, 1, 'stored')),
      'db',
    );
    expect(backup && isVerified(backup, 'stored')).toBe(false);
    const [other] = await listBackups(
      await storageWith(keys.manifest('db', NEW), proof(NEW, 1, 'readable')),
      'db',
    );
    expect(other && [isVerified(other), isVerified(other, 'restored')]).toEqual([true, false]);
  });

  it('takes the newest of suspect and accepted', async () => {
    const suspect = async (...marks: string[]) =>
      (await listBackups(await storageWith(keys.manifest('db', NEW), ...marks), 'db'))[0]?.suspect;
    expect(await suspect(mark(NEW, 1, 'suspect'))).toBe(true);
    expect(await suspect(mark(NEW, 1, 'suspect'), mark(NEW, 2, 'accepted'))).toBe(false);
    expect(await suspect(mark(NEW, 1, 'suspect'), mark(NEW, 2, 'accepted'), mark(NEW, 3, 'suspect'))).toBe(
      true,
    );
    expect(await suspect(mark(NEW, 1, 'keep'))).toBe(false);
    // In one second the bad news counts.
    expect(await suspect(mark(NEW, 1, 'accepted'), mark(NEW, 1, 'suspect'))).toBe(true);
  });
});

describe('the backup that is meant', () => {
  const choose = async (text: string, unverified: boolean, ...names: string[]) => {
    const storage = await storageWith(keys.manifest('db', OLD), keys.manifest('db', NEW), ...names);
    const choice = { store: 'db', text, unverified, demanded: 'readable', zone: 'Europe/Berlin' } as const;
    const { backup, notes } = selectBackup(await listBackups(storage, 'db'), choice);
    return { id: backup.id, notes };
  };

  it('is the newest verified one, and a newer unverified one is named', async () => {
    expect(await choose('latest', false, proof(OLD, 1, 'readable'))).toEqual({
      id: OLD,
      notes: [`db: a newer backup ${NEW} is not verified and was passed over`],
    });
    expect((await choose('latest', true, proof(OLD, 1, 'readable'))).id).toBe(NEW);
  });

  it('is never a suspect one, unless it is named', async () => {
    const names = [proof(OLD, 1, 'readable'), proof(NEW, 1, 'readable'), mark(NEW, 2, 'suspect')];
    expect((await choose('latest', true, ...names)).id).toBe(OLD);
    expect(await choose(NEW, false, ...names)).toEqual({ id: NEW, notes: [`db: ${NEW} is marked suspect`] });
  });

  it('is none while all are suspect: that is said', async () => {
    const all = [OLD, NEW].flatMap((id) => [proof(id, 1, 'readable'), mark(id, 2, 'suspect')]);
    await expect(choose('latest', true, ...all)).rejects.toThrow(
      `no verified backup [store=db wanted=latest newest=${NEW} demanded=readable suspect="2 of 2"]`,
    );
  });

  it('is none without a proof: that is said, with what to do', async () => {
    await expect(choose('latest', false)).rejects.toMatchObject({ code: 'backup.none-verified' });
    await expect(choose(NEW, false)).rejects.toThrow(
      `no verified backup [store=db id=${NEW} proven=nothing demanded=readable]`,
    );
    await expect(choose('20261122T020000Z-dddddddd', true)).rejects.toMatchObject({ code: 'backup.unknown' });
  });

  it('is none at or before a date before all of them: that is said by the clock of the stack', async () => {
    await expect(choose('2026-11-19T22:59:59.999Z', true)).rejects.toThrow(
      'no such backup [store=db error="no backup at or before 2026-11-19 23:59:59 +01:00"]',
    );
    await expect(choose('2026-11-20T22:59:59.999Z', false)).rejects.toThrow(
      `no verified backup [store=db wanted="the newest at or before 2026-11-20 23:59:59 +01:00" newest=${OLD} demanded=readable]`,
    );
  });

  it('says when its last proof failed', async () => {
    expect((await choose(NEW, true, proof(NEW, 1, 'readable', false))).notes).toEqual([
      `db: the last proof of ${NEW} failed at ${at(1).toISOString()}`,
    ]);
  });
});

describe('a document with its time in its key', () => {
  it('is written once, and beside another of the same second', async () => {
    const storage = createMemoryStorage();
    const write = (by: string) =>
      createTimedDocument(storage, {
        at: at(1).toISOString(),
        key: (time) => keys.mark('db', NEW, time, 'keep'),
        value: (time) => ({ by, at: time }),
      });
    await Promise.all([write('ana'), write('ben'), write('ana')]);
    await write('ben');
    const found: unknown[] = [];
    for await (const { key } of storage.list('marks/'))
      found.push(JSON.parse(String(await storage.read(key))));
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ by: 'ana' }),
        expect.objectContaining({ by: 'ben' }),
      ]),
    );
  });
});
