import { quoteLiteral } from './quote.js';

/**
 * Built-in types whose binary form has been the same since it is asked for by drivers (`typsend`, `typreceive`): what one
 * server sends, every other takes, whatever its version and settings. Left out on purpose: what names other types or
 * objects by number (composites, ranges of one's own, reg…), what depends on settings (money, xml), what has versions
 * of its own (extensions, tsvector), and what little is gained with. And `interval`: its infinity, known from PostgreSQL
 * 17 on, is taken by older servers for 178956970 years, without a word (timestamp.c, interval_recv); as text they refuse it.
 */
const PLAIN = [
  ...['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'oid'],
  ...['text', 'varchar', 'bpchar', 'char', 'name', 'bytea', 'uuid', 'json', 'jsonb', 'bit', 'varbit'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz'],
  ...['inet', 'cidr', 'macaddr', 'macaddr8'],
];

/**
 * SQL: whether a row of pg_type, by its alias, is one of them, an array of them (an array names its element's type by
 * number; those of built-in types are the same everywhere), or an enum, which goes by its labels.
 */
export function hasPlainBinaryForm(alias: string): string {
  const names = PLAIN.flatMap((name) => [name, `_${name}`]).map(quoteLiteral);
  return `(${alias}.typnamespace = 'pg_catalog'::regnamespace AND ${alias}.typname IN (${names.join(', ')})) OR ${alias}.typtype = 'e'`;
}
