import { isAscii, plainIdentifier, quoteIdentifier, quoteQualified } from './quote.js';
import type { Table } from './tables.js';

/** Most ranges of one table. */
const MOST_RANGES = 64;

export interface CopyTuning {
  readonly bigTable: number;
  readonly range: number;
}

/** One stream of a big table: the rows from a page up to another. */
export interface CopyStream {
  readonly stream: string;
  readonly fromPage?: number | undefined;
  readonly toPage?: number | undefined;
}

/** A table whose rows go in streams of their own, next to pg_dump's. */
export interface BigTable {
  readonly schema: string;
  readonly name: string;
  readonly label: string;
  readonly columns: string[];
  /** Its rows go in COPY's binary form; left out where they do not. */
  readonly binary?: boolean | undefined;
  readonly streams: CopyStream[];
}

/**
 * Which tables go apart, and in which ranges. Members of extensions stay with pg_dump, which knows their conditions, and
 * so do names with a line break, which end what is copied.
 *
 * @param ranges whether the server reads a ctid range without reading the whole table (TID range scan, 14 and later)
 * @param anyName false leaves tables with non-ASCII names, also of columns, to pg_dump: its pattern and psql's copy would
 *   have to be in the database's own encoding
 */
export function planCopies(
  tables: readonly Table[],
  tuning: CopyTuning,
  options: { ranges: boolean; anyName: boolean },
): BigTable[] {
  const big = tables
    .filter((t) => t.heap && !t.partitioned && !t.member && t.columns.length > 0 && t.bytes > tuning.bigTable)
    .filter((t) => {
      const names = [t.schema, t.name, ...t.columns].join('');
      return !names.includes('\n') && (options.anyName || isAscii(names));
    })
    .sort((a, b) => b.bytes - a.bytes);
  return big.map((table, index) => ({
    schema: table.schema,
    name: table.name,
    label: table.label,
    columns: table.columns,
    ...(table.binary && { binary: true }),
    streams: options.ranges
      ? pageRanges(`copy-${number(index + 1, 4)}`, table, tuning.range)
      : [{ stream: `copy-${number(index + 1, 4)}` }],
  }));
}

function pageRanges(stem: string, table: Table, range: number): CopyStream[] {
  const count = Math.max(1, Math.min(MOST_RANGES, table.pages, Math.ceil(table.bytes / range)));
  if (count === 1) return [{ stream: stem }];
  const edge = (i: number): number => Math.round((i * table.pages) / count);
  // The first and the last range are open: pages added after the sizes were read hold no row of the snapshot, but
  // nothing may depend on that.
  return Array.from({ length: count }, (_, i) => ({
    stream: `${stem}-${number(i + 1, 2)}`,
    fromPage: i === 0 ? undefined : edge(i),
    toPage: i === count - 1 ? undefined : edge(i + 1),
  }));
}

/** What one stream copies, and how, for a session that speaks the database's own encoding. */
export function copyOut(table: BigTable, stream: CopyStream): { what: string; options: string } {
  const columns = table.columns.map(plainIdentifier).join(', ');
  const name = `${plainIdentifier(table.schema)}.${plainIdentifier(table.name)}`;
  const bounds = [
    ...(stream.fromPage === undefined ? [] : [`ctid >= '(${stream.fromPage},0)'::tid`]),
    ...(stream.toPage === undefined ? [] : [`ctid < '(${stream.toPage},0)'::tid`]),
  ];
  const what =
    bounds.length === 0
      ? `${name} (${columns})`
      : `(SELECT ${columns} FROM ONLY ${name} WHERE ${bounds.join(' AND ')})`;
  return { what, options: options(table) };
}

/** `COPY … FROM STDIN`, which takes any of the table's streams. */
export function copyInSql(table: BigTable): string {
  const columns = table.columns.map(quoteIdentifier).join(', ');
  return `COPY ${quoteQualified(table.schema, table.name)} (${columns}) FROM STDIN ${options(table)}`.trimEnd();
}

function options({ binary }: BigTable): string {
  return binary === true ? '(FORMAT binary)' : '';
}

function number(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
