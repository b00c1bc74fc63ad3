import { createHash } from 'node:crypto';
import type { Demo } from './stack.js';

/** Bytes of a row of `orders`, about, with its index: what turns MiB into rows. */
const ROW_BYTES = 600;

/** A shop's data: orders that are most of it, customers, large objects; a cache with and without expiry. */
export async function seed(demo: Demo): Promise<{ rows: number; bytes: number }> {
  const rows = Math.round((demo.mib * 2 ** 20) / ROW_BYTES);
  sql(
    demo,
    `create table customers (id int generated always as identity primary key, name text not null, born date);
     insert into customers (name, born) select 'customer ' || g, date '1950-01-01' + g % 20000 from generate_series(1, 20000) g;
     create table orders (id bigint primary key, customer int not null, placed timestamptz not null, note text, total numeric(12,2));
     insert into orders select g, g % 20000 + 1, timestamptz '2026-01-01' + g * interval '1 second',
       (select string_agg(md5(g::text || i), '') from generate_series(1, 15) i), (g::bigint * 7919) % 100000 / 100.0
       from generate_series(1, ${rows}) g;
     create index on orders (customer);
     select lo_from_bytea(0, decode(repeat(md5(g::text), 1000), 'hex')) from generate_series(1, 20) g;
     analyze;`,
  );
  let commands = '';
  for (let i = 0; i < 20_000; i++)
    commands += `SET session:${i} ${createHash('sha256').update(String(i)).digest('hex')}\n`;
  for (let i = 0; i < 2000; i++) commands += `HSET cart:${i} item ${i} count ${i % 9}\n`;
  for (let i = 0; i < 500; i++) commands += `SET page:${i} cached EX 86400\n`;
  demo.place.feed(commands);
  return { rows: rows + 20_000, bytes: Number(sql(demo, "select pg_database_size('shop')")) };
}

export interface Digests {
  readonly orders: string;
  readonly customers: string;
  readonly largeObjects: string;
  readonly cache: string;
}

/** What the data are, whatever place they lie in: ordered contents of the tables, and Redis' own digest. */
export function digests(demo: Demo): Digests {
  const table = (name: string): string =>
    sql(demo, `select count(*) || ' rows ' || md5(string_agg(md5(t::text), '' order by id)) from ${name} t`);
  return {
    orders: table('orders'),
    customers: table('customers'),
    largeObjects: sql(
      demo,
      "select count(*) || ' ' || md5(string_agg(md5(lo_get(oid)), '' order by oid)) from pg_largeobject_metadata",
    ),
    cache: `${demo.place.ask('DBSIZE').trim()} keys ${demo.place.ask('DEBUG', 'DIGEST').trim()}`,
  };
}

/** The 3 a.m. accident. */
export function destroy(demo: Demo): void {
  sql(
    demo,
    "delete from orders where placed > '2026-01-02'; drop table customers; select lo_unlink(oid) from pg_largeobject_metadata;",
  );
  demo.place.ask('FLUSHALL');
}

const sql = (demo: Demo, statement: string): string => demo.place.sql(statement);
