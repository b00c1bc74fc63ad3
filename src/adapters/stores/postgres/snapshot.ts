import { SteadyError } from '../../../contracts/failures.js';
import type { Access } from './access.js';
import { withHolder } from './lock-holder.js';
import type { Session } from './session.js';
import { hasSqlstate } from './sql-failure.js';
import { describeTables, listTables, lockedOids, lockTables, type Table } from './tables.js';

const TRIES = 5;

/** A moment of the database that stays: locks and snapshot last as long as its session. */
export interface Snapshot {
  readonly session: Session;
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. */
  readonly id: string;
  /** Server clock when the snapshot was asked for: everything committed before is in it. RFC 3339. */
  readonly takenAt: string;
  readonly tables: Table[];
}

/**
 * Locks every table in ACCESS SHARE, then exports a snapshot, in one transaction. Without the locks a TRUNCATE between
 * the snapshot and the copy of a table gives an empty table and no error, as TRUNCATE is not MVCC-safe (manual, 13.6).
 * A table that appeared in between would be in the snapshot without a lock: then it begins anew, a few times, and then
 * fails with `store.changed`. A lock not had within the limit is `store.locked`.
 */
export async function openSnapshot(access: Access, database: string): Promise<Snapshot> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const session = await access.session(database);
    try {
      const listed = await listTables(session);
      await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await lockTables(session, listed);
      const { id, takenAt } = await session.json<{ id: string; takenAt: string }>(
        `SELECT jsonb_build_object('id', pg_export_snapshot(),
          'takenAt', to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`,
      );
      const tables = await describeTables(session);
      const locked = await lockedOids(session);
      if (tables.every((table) => locked.has(table.oid))) return { session, id, takenAt, tables };
      await session.end();
    } catch (failure) {
      const error = await withHolder(session, failure);
      await session.end();
      // Dropped or renamed between the list and the lock.
      if (!hasSqlstate(error, '42P01', '3F000', '42809')) throw error;
    }
    access.call.say('tables came or went while they were being locked: beginning anew');
  }
  throw new SteadyError('store.changed', { store: access.options.name, tries: TRIES });
}
