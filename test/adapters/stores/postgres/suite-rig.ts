import { execFileSync } from 'node:child_process';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import { databaseNames } from '../../../../src/adapters/stores/postgres/database-names.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { startPostgres } from '../../../services/postgres.js';
import type { StoreRig } from '../suite.js';
import { CANARY, PREFIX } from '../suite/bench.js';
import { storeOn } from './rig.js';

const WRONG = 'a-wrong-password';
const ROLE_PASSWORD = 'clerks-own-password';

/** A database with tables on both ways out of it (pg_dump's and streams of their own), large objects and a role. */
const SEED = `
  CREATE TABLE accounts (id int PRIMARY KEY, owner text NOT NULL, body text, seen timestamptz);
  INSERT INTO accounts SELECT i, 'n' || i % 97, repeat(md5(i::text), 8), '2026-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 6000) i;
  CREATE INDEX ON accounts (owner);
  CREATE INDEX ON accounts (lower(body));
  CREATE TABLE "Odd ""na'me" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "t ext" text, account int REFERENCES accounts);
  INSERT INTO "Odd ""na'me" ("t ext", account) SELECT E'\\\\.\\n\\tü' || i, i FROM generate_series(1, 2000) i;
  CREATE TABLE notes AS SELECT '${CANARY}'::text AS body, i FROM generate_series(1, 5) i;
  CREATE VIEW recent AS SELECT * FROM accounts WHERE id > 100;
  GRANT SELECT ON accounts TO clerk;
  SELECT lo_from_bytea(4711, decode(repeat('00ff10', 60000), 'hex'));`;

const SPOIL = `
  DELETE FROM accounts WHERE id > 5000 AND id NOT IN (SELECT account FROM "Odd ""na'me");
  UPDATE notes SET body = 'spoiled';
  INSERT INTO notes VALUES ('more', 100);
  ALTER TABLE accounts ADD COLUMN later int;
  SELECT lo_unlink(4711);`;

/** Content by table whatever the order of rows, large objects, and the structure as pg_dump writes it. */
const CONTENTS = String.raw`
  SELECT format('SELECT %L, count(*), md5(string_agg(t::text, %L ORDER BY t::text COLLATE "C")) FROM %s t', oid::regclass, '|', oid::regclass)
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname \gexec
  SELECT loid, md5(string_agg(data, ''::bytea ORDER BY pageno)) FROM pg_largeobject GROUP BY loid ORDER BY loid;
  SELECT sequencename, last_value FROM pg_sequences ORDER BY 1;`;

export async function postgresRig(runtime: RuntimePort, bin: string): Promise<StoreRig> {
  const pg = await startPostgres({ bin });
  pg.sql('postgres', `CREATE ROLE clerk LOGIN PASSWORD '${ROLE_PASSWORD}'; CREATE DATABASE seed`);
  pg.sql('seed', SEED);
  const given = { runtime, tuning: { bigTable: 300_000, range: 1_000_000 }, config: { digests: true } };
  const contents = (database: string): string => {
    const schema = pg.tool('pg_dump', ['--schema-only', '--no-password'], { database }).toString('utf8');
    const lines = schema.split('\n').filter((line) => !/^\\(un)?restrict /.test(line));
    return [pg.sql(database, CONTENTS), ...lines].join('\n');
  };
  const drop = (name: string): string => pg.sql('postgres', `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  let places = 0;

  return {
    store: storeOn(pg, 'shop', given),
    refused: storeOn(pg, 'shop', { ...given, password: new Secret(WRONG) }),
    reset() {
      drop('shop');
      pg.sql('postgres', 'CREATE DATABASE shop TEMPLATE seed');
    },
    contents: () => contents('shop'),
    spoil: () => void pg.sql('shop', SPOIL),
    spoilLoaded: (place) =>
      void pg.sql(databaseNames('shop', place).fresh, `UPDATE accounts SET owner = 'N' WHERE id = 17`),
    traces: () =>
      pg
        .sql(
          'postgres',
          `SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'seed', 'shop')
           UNION ALL SELECT application_name FROM pg_stat_activity WHERE application_name LIKE '${PREFIX}%'
           UNION ALL SELECT 'closed: ' || datname FROM pg_database WHERE datname = 'shop' AND NOT datallowconn`,
        )
        .split('\n')
        .filter((line) => line !== ''),
    elsewhere() {
      const into = `else"where${++places}`;
      return Promise.resolve({
        into,
        contents: () => contents(into),
        close: () => drop(into.replace('"', '""')),
      });
    },
    escape(lines, env) {
      const path = `${bin}:${process.env['PATH']}`;
      execFileSync('bash', ['-e', '-o', 'pipefail', '-c', lines.join('\n')], {
        env: { ...pg.env(), ...env, PGCLIENTENCODING: '', PATH: path },
        stdio: 'pipe',
      });
      const restored = contents('shop_restored');
      drop('shop_restored');
      return restored;
    },
    dataStreams: ['copy-0001-01', 'post-data', 'data'],
    secrets: [pg.password, WRONG, ROLE_PASSWORD, 'SCRAM-SHA-256$'],
    close: () => pg.stop(),
  };
}
