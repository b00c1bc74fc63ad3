import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { ALL_VERSIONS, allPostgres, usualPostgres } from '../versions.js';
import { storeOn } from './rig.js';

/** The usual version, and the first whose memberships may come without the right to act as the role. */
export const ownerVersions = ALL_VERSIONS
  ? allPostgres().filter(({ major }) => major >= 15)
  : allPostgres().filter(({ major }) => major === usualPostgres().major || major === 17);

/** What an application's own role makes. */
const SEED = `
  CREATE EXTENSION pg_trgm;
  COMMENT ON EXTENSION pg_trgm IS 'our words';
  CREATE SCHEMA stock;
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL, mood mood DEFAULT 'ok');
  INSERT INTO orders (body) SELECT md5(i::text) FROM generate_series(1, 6000) i;
  CREATE INDEX ON orders USING gin (body gin_trgm_ops);
  CREATE TABLE stock.parts (id serial PRIMARY KEY, "order" int REFERENCES orders, secret text);
  INSERT INTO stock.parts ("order") SELECT i FROM generate_series(1, 50) i;
  ALTER TABLE stock.parts ENABLE ROW LEVEL SECURITY;
  CREATE POLICY shown ON stock.parts FOR SELECT TO reader USING (id > 10);
  CREATE SEQUENCE plain START 5 INCREMENT 3;
  SELECT nextval('plain'), nextval('plain');
  CREATE VIEW few AS SELECT id, body FROM orders WHERE id < 10;
  CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders;
  CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER bumped BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION bump();
  CREATE PUBLICATION two_tables FOR TABLE orders, stock.parts;
  SELECT lo_from_bytea(4711, decode(repeat('00ff10', 60000), 'hex'));
  GRANT SELECT ON LARGE OBJECT 4711 TO reader;
  GRANT SELECT (id, body), UPDATE (mood) ON orders TO reader WITH GRANT OPTION;
  GRANT USAGE ON SCHEMA stock TO reader;
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  GRANT USAGE ON SCHEMA public TO reader;
  ALTER DEFAULT PRIVILEGES IN SCHEMA stock GRANT SELECT ON TABLES TO reader;
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  GRANT CONNECT ON DATABASE shop TO reader;
  REVOKE TEMPORARY ON DATABASE shop FROM PUBLIC;
  ALTER DATABASE shop SET work_mem TO '7MB';
  ALTER ROLE app IN DATABASE shop SET statement_timeout TO '1h';
  COMMENT ON DATABASE shop IS 'the shop';`;

/** What of it a restore must bring back, rights and owners included. */
export const CONTENTS = `
  SELECT count(*), md5(string_agg(o::text, '|' ORDER BY id)) FROM orders o;
  SELECT count(*), md5(string_agg(p::text, '|' ORDER BY id)) FROM stock.parts p;
  SELECT md5(lo_get(4711)), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(lomacl) a) FROM pg_largeobject_metadata;
  SELECT last_value FROM plain;
  SELECT n.nspname, c.relname, c.relkind, pg_get_userbyid(relowner), relacl::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE n.nspname IN ('public', 'stock') ORDER BY 1, 2;
  SELECT nspname, pg_get_userbyid(nspowner), nspacl FROM pg_namespace WHERE nspname IN ('public', 'stock') ORDER BY 1;
  SELECT pg_get_userbyid(defaclrole), defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 2;
  SELECT extname, pg_get_userbyid(extowner), obj_description(oid, 'pg_extension') FROM pg_extension ORDER BY 1;
  SELECT polname, polroles::regrole[], pg_get_expr(polqual, polrelid) FROM pg_policy;
  SELECT pubname, pg_get_userbyid(pubowner) FROM pg_publication;
  SELECT pg_get_userbyid(datdba), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a), datallowconn, shobj_description(d.oid, 'pg_database'),
    (SELECT jsonb_agg(jsonb_build_object('r', setrole::regrole, 'c', setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
    FROM pg_database d WHERE datname = current_database();`;

/** A server with the database `shop` of the role `app`, which has CREATEDB and no other right, and a role `reader`. */
export interface PlainOwner {
  readonly pg: PostgresService;
  readonly store: StorePort;
  /** SQL as that role. */
  sql(database: string, sql: string): string;
  /** Names of shop and what is made beside it. */
  databases(): string;
  /** Drops all, roles of a test too, and makes shop anew. */
  anew(roles?: readonly string[]): void;
}

export async function startPlainOwner(
  bin: string,
  settings: Record<string, string> = {},
): Promise<PlainOwner> {
  const pg = await startPostgres({ bin, settings });
  pg.sql(
    'postgres',
    `CREATE ROLE app LOGIN CREATEDB PASSWORD '${pg.password}'; CREATE ROLE reader LOGIN PASSWORD '${pg.password}'`,
  );
  const sql = (database: string, text: string): string =>
    pg
      .tool('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-U', 'app', '-f', '-'], {
        database,
        input: text,
      })
      .toString('utf8')
      .trimEnd();
  const databases = (): string =>
    pg.sql(
      'postgres',
      `SELECT coalesce(string_agg(datname, ' ' ORDER BY datname), '') FROM pg_database WHERE datname LIKE 'shop%'`,
    );
  return {
    pg,
    sql,
    databases,
    store: storeOn(pg, 'shop', {
      config: { user: 'app', digests: true },
      tuning: { bigTable: 100_000, range: 200_000 },
    }),
    anew(roles = []) {
      for (const name of databases().split(' ').filter(Boolean))
        pg.sql('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
      for (const role of roles) pg.sql('postgres', `DROP ROLE IF EXISTS ${role}`);
      sql('postgres', 'CREATE DATABASE shop');
      sql('shop', SEED);
    },
  };
}
