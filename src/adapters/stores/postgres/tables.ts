import { hasPlainBinaryForm } from './binary-types.js';
import { quoteQualified } from './quote.js';
import type { Session } from './session.js';

/** An ordinary or partitioned table of the user's, extension members included. */
export interface TableName {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

export interface Table extends TableName {
  readonly partitioned: boolean;
  /** Stored by the built-in heap, whose rows have a ctid with meaning. */
  readonly heap: boolean;
  /** Heap and TOAST, in bytes, without indexes. */
  readonly bytes: number;
  readonly pages: number;
  /** Columns that hold data: generated ones are computed on load. */
  readonly columns: string[];
  /** All of these have types whose binary form is the same on every server; see binary-types.ts. */
  readonly binary: boolean;
  /** Created by CREATE EXTENSION, so a dump has its rows only if it is a configuration table. */
  readonly member: boolean;
  /** Which rows of a configuration table a dump holds: '' or `WHERE …`. */
  readonly condition: string | null;
  /** SQL name on every server, and the name of its count in the facts. */
  readonly label: string;
}

const USER_TABLES = `
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`;

export function listTables(session: Session): Promise<TableName[]> {
  return session.json(
    `SELECT coalesce(jsonb_agg(jsonb_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname) ORDER BY c.oid), '[]') ${USER_TABLES}`,
  );
}

/**
 * Locks each table, partitions and children one by one as they are in the list too. LOCK takes no snapshot (manual,
 * LOCK), so one taken afterwards in the same transaction is younger than all the locks.
 */
export async function lockTables(session: Session, tables: readonly TableName[]): Promise<void> {
  const BATCH = 200;
  for (let from = 0; from < tables.length; from += BATCH) {
    const names = tables.slice(from, from + BATCH).map((t) => `ONLY ${quoteQualified(t.schema, t.name)}`);
    await session.run(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  }
}

/** Oids of the tables this session holds a lock on. */
export async function lockedOids(session: Session): Promise<Set<number>> {
  const oids = await session.json<number[]>(
    `SELECT coalesce(jsonb_agg(relation::int8), '[]') FROM pg_locks
     WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND mode = 'AccessShareLock'`,
  );
  return new Set(oids);
}

export function describeTables(session: Session): Promise<Table[]> {
  return session.json(`
    WITH config AS (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension)
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'label', format('%I.%I', n.nspname, c.relname),
      'partitioned', c.relkind = 'p',
      'heap', c.relkind = 'r' AND (SELECT amname = 'heap' FROM pg_am WHERE oid = c.relam),
      'bytes', pg_relation_size(c.oid) + CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid) END,
      'pages', pg_relation_size(c.oid) / current_setting('block_size')::int8,
      'columns', (SELECT coalesce(jsonb_agg(attname ORDER BY attnum), '[]') FROM pg_attribute
                  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''),
      'binary', NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT (${hasPlainBinaryForm('t')})),
      'member', EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'),
      'condition', (SELECT condition FROM config WHERE config.oid = c.oid)
    ) ORDER BY c.oid), '[]') ${USER_TABLES}`);
}

/** Whether a dump holds this table's rows, so that they can be counted and compared. */
export function holdsRows(table: Table): boolean {
  return !table.partitioned && (!table.member || table.condition !== null);
}
