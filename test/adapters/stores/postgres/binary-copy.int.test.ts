import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDetail } from '../../../../src/adapters/stores/postgres/detail.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { allPostgres, somePostgres, type PostgresVersion } from '../versions.js';
import { backupFolder, call, into, readerOf, restore, storeOn, takeBackup } from './rig.js';

/** Every type that goes in binary form, with what is hard about it; the last row of each is of many. */
const VALUES: Record<string, string[]> = {
  bool: ['true', 'false'],
  int2: ['-32768', '32767'],
  int4: ['-2147483648', '2147483647'],
  int8: ['-9223372036854775808', '9223372036854775807'],
  float4: ['NaN', '-Infinity', '-0', '1.17549435e-38'],
  float8: ['NaN', 'Infinity', '-0', '5e-324', '0.1'],
  numeric: ['NaN', '0.00', '-1e-40', '1e131071', '3.140'],
  'numeric(12, 2)': ['-9999999999.99', '0.10'],
  oid: ['4294967295'],
  text: ['', 'ü \t \\. \\N', '\n\\.\n', '🦉'],
  'varchar(20)': ['  spaces  '],
  'char(8)': ['pad'],
  '"char"': ['a', ''],
  name: ['a name'],
  bytea: ['\\x', '\\x00ff0a5c2e0a5c2e20303030303020310a', '\\x5047434f50590aff0d0a00'],
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  json: ['{"b": 1,  "a": [1, null, "ü"]}', 'null'],
  jsonb: ['{"b": 1, "a": [1, null, "ü"]}', 'null', '1e400'],
  'bit(5)': ['10110'],
  varbit: ['', '101'],
  date: ['infinity', '-infinity', '4713-01-01 BC', '5874897-12-31'],
  time: ['24:00', '00:00:00.000001'],
  timetz: ['04:05:06.789-15:59', '23:59:59.999999+14'],
  timestamp: ['infinity', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999'],
  timestamptz: ['-infinity', '2026-03-29 02:30:00.123456+01'],
  inet: ['::ffff:1.2.3.4/128', '10.0.0.7/8'],
  cidr: ['2001:db8::/32', '10.0.0.0/8'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  'int4[]': ['{}', '{{1,NULL},{3,4}}', '[2:3]={7,8}'],
  'text[]': ['{NULL,"NULL","a,\\"b\\"",""}'],
  'timestamptz[]': ['{infinity,NULL}'],
  mood: ['sad', 'so-so'],
};

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

describe.each(somePostgres())('rows in binary form, with $title', ({ bin }) => {
  let pg: PostgresService;
  const backups = backupFolder();
  const tuning = { bigTable: 100_000, range: 400_000 };
  beforeAll(async () => {
    pg = await startPostgres({ bin });
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  it('come back as they were, whatever their type', async () => {
    pg.sql('postgres', `CREATE DATABASE kinds ENCODING 'UTF8' TEMPLATE template0`);
    const types = Object.entries(VALUES);
    const rows = Math.max(...types.map(([, values]) => values.length)) + 1;
    const inserts = Array.from({ length: rows }, (_, i) =>
      // The last row is of NULLs.
      types.map(([, values]) => (i === rows - 1 ? 'NULL' : literal(values[i % values.length] as string))),
    );
    pg.sql(
      'kinds',
      `CREATE TYPE mood AS ENUM ('so-so', 'sad');
       CREATE TABLE kinds (${types.map(([type], i) => `c${i} ${type}`).join(', ')}, gone int, twice int GENERATED ALWAYS AS (2) STORED);
       ALTER TABLE kinds DROP COLUMN gone;
       ${inserts.map((values) => `INSERT INTO kinds VALUES (${values.join(', ')});`).join('\n')}
       INSERT INTO kinds SELECT ${types.map((_, i) => `c${i}`).join(', ')} FROM kinds, generate_series(1, 400);
       CREATE DOMAIN small AS int CHECK (VALUE < 1000000);
       CREATE TABLE others AS SELECT i::small AS id, 'a => 1' AS t, i::text::tsvector AS v FROM generate_series(1, 5000) i;
       CREATE TABLE spans AS SELECT i, make_interval(days => i) AS span FROM generate_series(1, 9000) i`,
    );
    const store = storeOn(pg, 'kinds', { tuning, config: { digests: true } });
    const taken = await takeBackup(store, backups.fresh());
    const plan = readDetail(taken.manifest).big;
    expect(plan.map(({ label, binary }) => [label, binary]).sort()).toEqual([
      ['public.kinds', true],
      // Not `false`: workers of before do not know the word, and read these rows as ever.
      ['public.others', undefined],
      // Its infinity is a number to older servers.
      ['public.spans', undefined],
    ]);
    expect(plan.find(({ binary }) => binary)?.streams.length).toBeGreaterThan(1);
    expect(taken.manifest.facts.counts).toMatchObject({
      'public.kinds': Number(pg.sql('kinds', 'SELECT count(*) FROM kinds')),
      'public.others': 5000,
    });
    expect(await store.readable(call(), readerOf(taken))).toContainEqual(
      expect.stringMatching(/^public\.kinds: \d+ rows in \d+ streams$/),
    );
    expect(await restore(store, taken, into('kinds2'))).toContain('content digests of 3 tables equal');
    const all = 'SELECT t::text FROM kinds t ORDER BY 1';
    expect(pg.sql('kinds2', all)).toBe(pg.sql('kinds', all));
    const newer = await startPostgres({ bin: (allPostgres().at(-1) as PostgresVersion).bin });
    try {
      expect(await restore(storeOn(newer, 'kinds'), taken, into('kinds2'))).toContain(
        'content digests of 3 tables equal',
      );
      expect(newer.sql('kinds2', all)).toBe(pg.sql('kinds', all));
    } finally {
      await newer.stop();
    }
  });

  it('come back in a database whose encoding is not UTF-8', async () => {
    pg.sql(
      'postgres',
      `CREATE DATABASE west ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    pg.sql(
      'west',
      `CREATE TABLE words AS SELECT i, chr(128 + i % 128) || 'x' AS word FROM generate_series(1, 9000) i`,
    );
    const store = storeOn(pg, 'west', { tuning, config: { digests: true } });
    const taken = await takeBackup(store, backups.fresh());
    expect(readDetail(taken.manifest).big.map(({ binary }) => binary)).toEqual([true]);
    expect(await restore(store, taken, into('west2'))).toContain('content digests of 1 tables equal');
  });
});
