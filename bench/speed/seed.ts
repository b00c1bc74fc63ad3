import type { PostgresService } from '../../test/services/postgres.js';

/** 44 characters of which nothing can be guessed. */
function noise(from = 'random()'): string {
  return `encode(sha256((${from})::text::bytea), 'base64')`;
}

/** Tables of the data: share of the whole and bytes a row, indexes included, as measured on PostgreSQL 15. */
const TABLES = [
  {
    name: 'events',
    share: 0.5,
    rowBytes: 299,
    columns:
      'id bigint, at timestamptz, account int, kind text, session uuid, amount numeric(10,2), address inet, payload jsonb, note text',
    row: `g, timestamptz '2026-01-01' + g * interval '1.7 seconds', (random() * 200000)::int,
      (array['view','click','order','refund'])[1 + g % 4], md5(random()::text)::uuid, (random() * 900)::numeric(10,2),
      '10.0.0.0'::inet + (random() * 16000000)::int,
      jsonb_build_object('path', '/shop/item/' || (random() * 5000)::int, 'ms', (random() * 900)::int, 'agent', 'Mozilla/5.0 (X11; Linux x86_64)'),
      ${noise()}`,
    indexes: ['create index on events (account)', 'create index on events (at)'],
  },
  {
    name: 'orders',
    share: 0.2,
    rowBytes: 258,
    columns: 'id bigint, customer int, placed timestamptz, total numeric(12,2), address text',
    row: `g, (random() * 200000)::int, timestamptz '2026-01-01' + random() * interval '300 days', (random() * 500)::numeric(12,2),
      ${noise()} || ' ' || (random() * 300)::int || ' Long Street, ' || ${noise()} || ', deliver by day'`,
    indexes: ['create index on orders (customer)', 'create index on orders (placed)'],
  },
  {
    name: 'readings',
    share: 0.15,
    rowBytes: 90,
    columns: 'id bigint, sensor int, value float8, quality smallint',
    row: 'g, (random() * 900)::int, random() * 100, (random() * 9)::int',
    indexes: ['create index on readings (sensor)'],
  },
  {
    name: 'documents',
    share: 0.1,
    rowBytes: 2890,
    columns: 'id bigint, title text, body text',
    row: `g, 'document ' || g, (select string_agg(${noise('(g * 40 + i)')} || ' lorem ipsum dolor sit amet ', '') from generate_series(1, 40) i)`,
    indexes: [],
  },
  {
    name: 'customers',
    share: 0.05,
    rowBytes: 194,
    columns: 'id bigint, name text, mail text, born date',
    row: `g, 'customer ' || g, md5(random()::text || g) || '@example.org', date '1950-01-01' + (random() * 20000)::int`,
    indexes: ['create unique index on customers (mail)'],
  },
] as const;

/**
 * A shop's database of about `bytes` (pg_database_size), one table half of it: short and long rows, JSON, half of the
 * text random, indexes as such tables have them. The same at each call.
 */
export function seed(postgres: PostgresService, database: string, bytes: number): number {
  postgres.tool('createdb', [database]);
  for (const { name, share, rowBytes, columns, row, indexes } of TABLES) {
    const rows = Math.round((bytes * share) / rowBytes);
    postgres.sql(
      database,
      `select setseed(0.42);
       create table ${name} (${columns});
       insert into ${name} select ${row} from generate_series(1, ${rows}) g;
       alter table ${name} add primary key (id);
       ${indexes.map((index) => `${index};`).join('\n')}`,
    );
  }
  // Hint bits and statistics are written now, not by the first who reads.
  postgres.sql(database, 'vacuum (freeze, analyze)');
  postgres.sql(database, 'checkpoint');
  return Number(postgres.sql(database, `select pg_database_size('${database}')`));
}

/** Rows of each table, and their content as one number each. */
export function contentOf(ask: (sql: string) => string): string {
  return TABLES.map(({ name }) =>
    ask(`select '${name} ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) from ${name} t`),
  ).join('\n');
}

/** Throws when somebody restored something else. */
export function sameContent(ask: (sql: string) => string, expected: string): void {
  const found = contentOf(ask);
  if (found !== expected) throw new Error(`restored other data:\n${found}\ninstead of\n${expected}`);
}
