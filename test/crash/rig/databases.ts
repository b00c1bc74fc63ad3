import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SeededPostgres } from './seeded-postgres.js';

const run = promisify(execFile);

/** Every row in order, and the sequence: equal only when the contents are. */
const DIGEST = `SELECT md5(
  (SELECT string_agg(md5(t::text), '' ORDER BY id) FROM orders t) ||
  (SELECT string_agg(md5(t::text), '' ORDER BY id) FROM customers t) ||
  (SELECT string_agg(md5(t::text), '' ORDER BY id) FROM events t) ||
  (SELECT last_value FROM invoices))`;

export type Databases = ReturnType<typeof createDatabases>;

/** Questions to the shared server. */
export function createDatabases(server: SeededPostgres) {
  const sql = async (database: string, query: string): Promise<string> => {
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', query];
    const env = {
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
      PGDATABASE: database,
    };
    const { stdout } = await run(join(server.bin, 'psql'), args, { env, maxBuffer: 2 ** 26 });
    return stdout.trimEnd();
  };
  const lines = async (database: string, query: string): Promise<string[]> =>
    (await sql(database, query)).split('\n').filter((line) => line !== '');
  return {
    sql,
    lines,
    digest: (database: string): Promise<string> => sql(database, DIGEST),
    copy: (template: string, name: string): Promise<string> =>
      sql('postgres', `CREATE DATABASE ${name} TEMPLATE ${template}`),
    /** Databases whose names begin so, with `closed` behind those that take no connection. */
    named: (prefix: string): Promise<string[]> =>
      lines(
        'postgres',
        `SELECT datname || CASE WHEN datallowconn THEN '' ELSE ' closed' END FROM pg_database
         WHERE starts_with(datname, '${prefix}') ORDER BY 1`,
      ),
    /** Sessions of steady's tools on databases whose names begin so (and in the one for maintenance). */
    toolSessions: (prefix: string): Promise<string[]> =>
      lines(
        'postgres',
        `SELECT datname || ' ' || application_name FROM pg_stat_activity
         WHERE application_name LIKE 'steady-%' AND starts_with(datname, '${prefix}')`,
      ),
  };
}
