import { SteadyError } from '../../../contracts/failures.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import type { Session } from './session.js';

/** Longest wait for ended sessions to be gone, in seconds. */
const GONE_SECONDS = 20;
const LOOK_MS = 50;

/** Lets new connections in, or keeps them out; committed at once. */
export async function allowConnections(session: Session, database: string, allow: boolean): Promise<void> {
  await session.run(`ALTER DATABASE ${quoteIdentifier(database)} WITH ALLOW_CONNECTIONS ${allow}`);
}

/** Server clock, in seconds since 1970. */
export function serverClock(session: Session): Promise<number> {
  return session.json(`SELECT extract(epoch FROM clock_timestamp())::float8`);
}

/**
 * Ends every session on these databases and waits until none is left: a rename needs the database for itself. Sessions
 * this user may not end are waited for, as those of a service that has just been stopped. Fails with `store.blocked`,
 * naming who would not go.
 */
export async function endSessions(session: Session, databases: readonly string[]): Promise<void> {
  const on = sessionsOn(databases);
  const until = Date.now() + GONE_SECONDS * 1000;
  for (;;) {
    await session.run(`SELECT pg_terminate_backend(pid) ${on} AND ${MAY_END}`);
    const left = await session.json<string[]>(
      `SELECT coalesce(jsonb_agg(format('%s %s (pid %s)', usename, application_name, pid)), '[]') ${on}`,
    );
    if (left.length === 0) return;
    if (Date.now() > until)
      throw new SteadyError('store.blocked', { databases: databases.join(', '), by: left.join('; ') });
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Roles with sessions on this database that this user may not end, such as superusers; each once. */
export function unendableRoles(session: Session, database: string): Promise<string[]> {
  return session.json(
    `SELECT coalesce(jsonb_agg(DISTINCT usename), '[]') ${sessionsOn([database])} AND NOT ${MAY_END}`,
  );
}

/** An autovacuum worker is nobody's session: the rename itself ends it, and only a superuser might. */
const sessionsOn = (databases: readonly string[]): string =>
  `FROM pg_stat_activity WHERE datname IN (${databases.map(quoteLiteral).join(', ')})
   AND pid <> pg_backend_pid() AND usesysid IS NOT NULL`;

/** As pg_terminate_backend decides (manual, 9.28.2). */
const MAY_END = `(SELECT me.rolsuper OR (NOT it.rolsuper AND (pg_has_role(it.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))
   FROM pg_roles me, pg_roles it WHERE me.rolname = current_user AND it.oid = usesysid)`;
