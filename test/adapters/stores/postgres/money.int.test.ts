import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccess, type Access } from '../../../../src/adapters/stores/postgres/access.js';
import { keepsMoney } from '../../../../src/adapters/stores/postgres/money.js';
import { withSession } from '../../../../src/adapters/stores/postgres/session.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { postgresStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { call, hostRuntime } from './rig.js';

const DATABASE = 'ledger';

describe('money', () => {
  let pg: PostgresService;
  let access: Access;
  beforeAll(async () => {
    pg = await startPostgres();
    pg.sql('postgres', `CREATE DATABASE ${DATABASE}`);
    const config = postgresStoreSchema.parse({
      ...{ host: pg.host, port: pg.port, database: DATABASE, user: pg.user, bin: pg.bin },
    });
    const password = new Secret(pg.password);
    access = await openAccess({ name: 'db', runtime: hostRuntime, password, config }, call(), DATABASE);
  });
  afterAll(() => pg.stop());

  /** In a schema that goes again. */
  async function found(sql: string): Promise<boolean> {
    pg.sql(DATABASE, `CREATE SCHEMA own; SET search_path = own, public; ${sql}`);
    try {
      return await withSession(access.session(DATABASE), keepsMoney);
    } finally {
      pg.sql(DATABASE, 'DROP SCHEMA own CASCADE');
    }
  }

  it.each([
    ['in a column', 'CREATE TABLE t (a money)'],
    ['in an array', 'CREATE TABLE t (a money[])'],
    ['in a domain', 'CREATE DOMAIN price AS money; CREATE TABLE t (a price)'],
    [
      'in a domain over a domain',
      'CREATE DOMAIN price AS money; CREATE DOMAIN net AS price; CREATE TABLE t (a net)',
    ],
    ['in a domain over an array', 'CREATE DOMAIN prices AS money[]; CREATE TABLE t (a prices[])'],
    ['in a row', 'CREATE TYPE item AS (i int, a money); CREATE TABLE t (a item)'],
    ['in a row of a row', 'CREATE TYPE x AS (a money); CREATE TYPE y AS (x x[]); CREATE TABLE t (a y)'],
    ['in a range', 'CREATE TYPE span AS RANGE (subtype = money); CREATE TABLE t (a span)'],
    [
      'in a range over a domain',
      'CREATE DOMAIN p AS money; CREATE TYPE s AS RANGE (subtype = p); CREATE TABLE t (a s)',
    ],
    [
      'in a multirange',
      'CREATE TYPE s AS RANGE (subtype = money, multirange_type_name = ss); CREATE TABLE t (a ss)',
    ],
    [
      'in a part of a table',
      'CREATE TABLE t (i int, a money) PARTITION BY LIST (i); CREATE TABLE t1 PARTITION OF t DEFAULT',
    ],
  ])('is found %s', async (_where, sql) => {
    expect(await found(sql)).toBe(true);
  });

  it.each([
    ['no column has it', 'CREATE TABLE t (i int, n numeric, words text[])'],
    ['only a column has it that was dropped', 'CREATE TABLE t (i int, a money); ALTER TABLE t DROP COLUMN a'],
    [
      'only a type has it',
      'CREATE DOMAIN price AS money; CREATE TYPE item AS (a price); CREATE TABLE t (i int)',
    ],
    ['only a view makes it', 'CREATE TABLE t (n numeric); CREATE VIEW v AS SELECT n::money FROM t'],
  ])('is not found where %s', async (_where, sql) => {
    expect(await found(sql)).toBe(false);
  });
});
