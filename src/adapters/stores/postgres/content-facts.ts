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

export interface FactsOptions {
  readonly digests: boolean;
  /** Labels of tables whose rows are counted as they stream. */
  readonly countedElsewhere?: ReadonlySet<string>;
  readonly names: Record<string, string[]>;
}

/** Counts, and digests where asked for, of every table whose rows a dump holds. */
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
  counts[LARGE_OBJECTS] = await session.json<number>('SELECT count(*) FROM pg_largeobject_metadata');
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
