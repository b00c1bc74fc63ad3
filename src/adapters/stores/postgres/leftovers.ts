import type { Access } from './access.js';
import { cutToName } from './database-names.js';
import { quoteLiteral } from './quote.js';
import { withSession } from './session.js';

/**
 * Ends database sessions whose application_name begins with this, except the one that asks: a killed client leaves its
 * backend working or waiting. Safe to repeat. Gives how many there were.
 */
export function endBackends(access: Access, database: string, prefix: string): Promise<number> {
  const name = quoteLiteral(cutToName(prefix));
  return withSession(access.session(database), (session) =>
    session.json<number>(
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
       WHERE left(application_name, length(${name})) = ${name} AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    ),
  );
}

/** What a new attempt does first: ends what the last one left, in the database and where its tools ran. */
export async function endLeftovers(access: Access, database: string): Promise<void> {
  const { config, runtime } = access.options;
  await runtime.endMarked({ service: config.service, marker: access.call.markerPrefix });
  const ended = await endBackends(access, database, access.call.markerPrefix);
  if (ended > 0) access.call.say(`ended ${ended} sessions of an earlier attempt`);
}
