import { SteadyError } from '../../../contracts/failures.js';
import type { Session } from './session.js';
import { hasSqlstate } from './sql-failure.js';

interface Holder {
  readonly table: string;
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly since: string | null;
}

/**
 * A lock that was not had in time, with the table that is locked longest, and the session that holds it: whom to ask.
 * Ends the session's transaction. Other failures, and locks let go of meanwhile, come back as they were.
 */
export async function withHolder(session: Session, error: unknown): Promise<unknown> {
  if (!(error instanceof SteadyError) || !hasSqlstate(error, '55P03')) return error;
  try {
    await session.run('ROLLBACK');
    const holder = await session.json<Holder | undefined>(
      `SELECT jsonb_build_object('table', format('%I.%I', n.nspname, c.relname), 'pid', l.pid, 'user', a.usename,
         'application', a.application_name,
         'since', to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
       FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm')
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND n.nspname !~ '^pg_'
       ORDER BY a.xact_start LIMIT 1`,
    );
    if (holder === undefined) return error;
    const { table, pid, user, application, since } = holder;
    const known = Object.entries({ user, application, since }).filter(([, value]) => Boolean(value));
    return new SteadyError(
      'store.locked',
      { table, pid, ...Object.fromEntries(known), says: error.facts['says'] },
      { cause: error },
    );
  } catch {
    return error;
  }
}
