import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import { quoteQualified } from './quote.js';
import type { Session } from './session.js';
import { holdsRows, type Table } from './tables.js';

/** Name of a count that is no table's: a space never occurs outside quotes in a table's label. */
export const LARGE_OBJECTS = 'large objects';

/**
 * Content of a table as one number that does not depend on the order of rows: the sum of a 64-bit hash of each row's
 * text. It tells apart any change of a value, a row lost, added or doubled, up to a chance of about 2^-64. It cannot
 * tell rows swapped between places (there is no order in a table), and it is no seal: someone who wants to can make two
 * contents with the same sum.
 */
function digestSql(from: string): string {
  return `SELECT to_jsonb(coalesce(sum(hashtextextended((steady_row.*)::text COLLATE "C", 0)::numeric), 0)::text) FROM ${from}`;
}

/** The rows a dump holds: one level of the inheritance, and of a configuration table what its condition names. */
function rowsOf(table: Table): string {
  return `ONLY ${quoteQualified(table.schema, table.name)} AS steady_row ${table.condition ?? ''}`;
}

export function countRows(session: Session, table: Table): Promise<number> {
  return session.json(`SELECT count(*) FROM ${rowsOf(table)}`);
}

export function digestRows(session: Session, table: Table): Promise<string> {
  return session.json(digestSql(rowsOf(table)));
}

/** Bytes of a large object that are hashed at a time. */
const CHUNK = 256 * 1024;

/**
 * Content of all large objects as one number, like that of a table: the sum of a hash of each chunk with the object's
 * oid and the chunk's place. Read by lo_get as a client would, so holes count as the zeros that a restore makes of them
 * and the server's page size plays no part. Only one row an object is held at a time, never its bytes.
 */
const LARGE_OBJECT_DIGEST = `
  WITH RECURSIVE chunk(oid, place, bytes, hash) AS (
    SELECT m.oid, 0, octet_length(d.data), sha256(d.data)
    FROM pg_largeobject_metadata m, LATERAL (SELECT lo_get(m.oid, 0, ${CHUNK}) AS data OFFSET 0) d
    UNION ALL
    SELECT c.oid, c.place + 1, octet_length(d.data), sha256(d.data)
    FROM chunk c, LATERAL (SELECT lo_get(c.oid, (c.place + 1) * ${CHUNK}::int8, ${CHUNK}) AS data OFFSET 0) d
    WHERE c.bytes = ${CHUNK})
  SELECT to_jsonb(coalesce(sum(hashtextextended(format('%s %s %s', oid, place, hash) COLLATE "C", 0)::numeric), 0)::text)
  FROM chunk`;

export interface FactsOptions {
  readonly digests: boolean;
  /** Labels of tables whose rows are counted as they stream. */
  readonly countedElsewhere?: ReadonlySet<string>;
  readonly names: Record<string, string[]>;
}

/** Counts, and digests where asked for, of every table whose rows a dump holds and of the large objects. */
export async function contentFacts(
  session: Session,
  tables: readonly Table[],
  options: FactsOptions,
): Promise<ContentFacts> {
  const counts: Record<string, number> = {};
  const digests: Record<string, string> = {};
  for (const table of tables.filter(holdsRows)) {
    if (!options.countedElsewhere?.has(table.label)) counts[table.label] = await countRows(session, table);
    if (options.digests) digests[table.label] = await digestRows(session, table);
  }
  const objects = await session.json<number>('SELECT count(*) FROM pg_largeobject_metadata');
  counts[LARGE_OBJECTS] = objects;
  if (options.digests && objects > 0)
    digests[LARGE_OBJECTS] = await session.json<string>(LARGE_OBJECT_DIGEST);
  return { counts, atMost: {}, digests, names: options.names };
}

/** Names of what a restore must bring back besides tables. */
export function contentNames(session: Session): Promise<Record<string, string[]>> {
  const own = (kinds: string): string => `
    SELECT jsonb_agg(format('%I.%I', n.nspname, c.relname) ORDER BY n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN (${kinds}) AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`;
  return session.json(`SELECT jsonb_strip_nulls(jsonb_build_object(
    'extensions', (SELECT jsonb_agg(extname ORDER BY extname) FROM pg_extension),
    'sequences', (${own("'S'")}),
    'views', (${own("'v', 'm'")}),
    'publications', (SELECT jsonb_agg(pubname ORDER BY pubname) FROM pg_publication)))`);
}
