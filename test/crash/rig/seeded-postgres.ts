import type { TestProject } from 'vitest/node';
import { startPostgres, type PostgresService } from '../../services/postgres.js';

export interface SeededPostgres {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Folder of psql. */
  readonly bin: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** One real server for all files, with the template databases `seed_big` and `seed_small`. */
    seededPostgres: SeededPostgres;
  }
}

/** Rows of the big table; about 160 MB in all, so that a dump and a load take seconds. */
const ROWS = 450_000;

const SCHEMA = `
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, region int NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers, token text NOT NULL, note text);
CREATE SEQUENCE invoices;
SELECT setval('invoices', 4711);`;

const rows = (customers: number, orders: number): string => `
INSERT INTO customers SELECT i, 'customer ' || i, i % 97 FROM generate_series(1, ${customers}) i;
INSERT INTO orders SELECT i, 1 + i % ${customers}, md5(i::text),
  md5((i * 7)::text) || md5((i * 11)::text) || md5((i * 13)::text) || md5((i * 17)::text) || md5((i * 19)::text)
  FROM generate_series(1, ${orders}) i;
CREATE INDEX ON orders (customer);
CREATE INDEX ON orders (token);
CREATE TABLE events AS SELECT i AS id, md5(i::text) || md5((i + 1)::text) AS body FROM generate_series(1, ${orders / 3}) i;
ALTER TABLE events ADD PRIMARY KEY (id);`;

/** The template database of the store `small`. */
export const seedSmall = (server: PostgresService): void => seed(server, 'seed_small', 50, 3000);

function seed(server: PostgresService, name: string, customers: number, orders: number): void {
  server.sql('postgres', `CREATE DATABASE ${name}`);
  server.sql(name, `${SCHEMA}${rows(customers, orders)}\nVACUUM ANALYZE;`);
}

/** vitest's globalSetup: a real server, seeded once; each file copies the templates. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres({ settings: { max_connections: '100', max_wal_size: '2GB' } });
  seed(server, 'seed_big', 5000, ROWS);
  seedSmall(server);
  const { port, user, password, bin } = server;
  project.provide('seededPostgres', { port, user, password, bin });
  return () => server.stop();
}
