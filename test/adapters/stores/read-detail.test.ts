import { describe, expect, it } from 'vitest';
import { detailOf as filesDetail } from '../../../src/adapters/stores/files/detail.js';
import { readDetail as postgresDetail } from '../../../src/adapters/stores/postgres/detail.js';
import { detailOf as redisDetail } from '../../../src/adapters/stores/redis/detail.js';

const BIG = {
  schema: 'public',
  name: 't',
  label: 'public.t',
  columns: ['id'],
  streams: [{ stream: 'copy-0001' }],
};
const POSTGRES = {
  database: {
    ...{
      name: 'shop',
      owner: 'shop',
      encoding: 'UTF8',
      collate: 'C',
      ctype: 'C',
      provider: 'c',
      locale: null,
    },
    ...{
      icuRules: null,
      tablespace: 'pg_default',
      template: false,
      connectionLimit: -1,
      comment: null,
      acl: null,
    },
    ...{ settings: [], bytes: 1 },
  },
  ...{ roles: [], extensions: [], preload: [], big: [BIG] },
};
const REDIS = { rdbVersion: 10, databases: 16, factsBy: 'Redis 7' };
const of = (kind: string, detail: Record<string, unknown>) => ({
  id: '20261122T020000Z-k7q2m9xd',
  kind,
  detail,
});

describe('what a manifest says for its own kind', () => {
  it.each([
    [
      'rows stored in a form it does not know',
      () => postgresDetail(of('postgres', { ...POSTGRES, big: [{ ...BIG, lz: 4 }] })),
      'big.0.lz',
    ],
    [
      'ranges it does not know',
      () =>
        postgresDetail(
          of('postgres', { ...POSTGRES, big: [{ ...BIG, streams: [{ stream: 'a', fromKey: 1 }] }] }),
        ),
      'big.0.streams.0.fromKey',
    ],
    ['an archive made otherwise', () => filesDetail(of('files', { exclude: [], only: ['a'] })), 'only'],
  ])('is of a newer version, and not damaged: %s', (_, read, unknown) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: 'storage.future',
        message: `written by a newer steadyhand [backup=20261122T020000Z-k7q2m9xd unknown=${unknown}]`,
      }),
    );
  });

  it('may hold more facts, which an older worker goes without', () => {
    expect(postgresDetail(of('postgres', { ...POSTGRES, publications: 3 })).big).toEqual([BIG]);
    expect(redisDetail(of('redis', { ...REDIS, functions: 2 }))).toMatchObject(REDIS);
  });

  it.each([
    ['of another kind', () => filesDetail(of('postgres', POSTGRES)), 'kind'],
    [
      'with a part missing',
      () => postgresDetail(of('postgres', { ...POSTGRES, big: [{ ...BIG, columns: 1 }] })),
      'big.0.columns',
    ],
    ['with a wrong value', () => redisDetail(of('redis', { ...REDIS, databases: 0 })), 'databases'],
    ['with a wrong list', () => filesDetail(of('files', { exclude: 'a' })), 'exclude'],
  ])('is damaged: %s', (_, read, field) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: 'storage.damaged',
        message: `a stored document cannot be read [backup=20261122T020000Z-k7q2m9xd field=${field}]`,
      }),
    );
  });

  it('is read as written before binary forms, and after', () => {
    const form = (big: object) => postgresDetail(of('postgres', { ...POSTGRES, big: [big] })).big[0]?.binary;
    expect([form(BIG), form({ ...BIG, binary: false }), form({ ...BIG, binary: true })]).toEqual([
      undefined,
      false,
      true,
    ]);
  });
});
