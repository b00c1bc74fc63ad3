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
 * Ends every session on these databases and waits until none is left: a rename needs the database for itself. Fails
 * with `store.blocked`, naming who would not go.
 */
export async function endSessions(session: Session, databases: readonly string[]): Promise<void> {
  const on = `datname IN (${databases.map(quoteLiteral).join(', ')}) AND pid <> pg_backend_pid()`;
  const until = Date.now() + GONE_SECONDS * 1000;
  for (;;) {
    await session.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${on}`);
    const left = await session.json<string[]>(
      `SELECT coalesce(jsonb_agg(format('%s %s (pid %s)', usename, application_name, pid)), '[]') FROM pg_stat_activity WHERE ${on}`,
    );
    if (left.length === 0) return;
    if (Date.now() > until)
      throw new SteadyError('store.blocked', { databases: databases.join(', '), by: left.join('; ') });
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
