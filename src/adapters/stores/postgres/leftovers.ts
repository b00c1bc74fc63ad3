import { runTool } from '../../../pipelines/run-tool.js';
import type { Access } from './access.js';
import { cutToName } from './database-names.js';
import { quoteLiteral } from './quote.js';
import { SESSION_ARGS, withSession } from './session.js';

/**
 * Ends database sessions whose application_name begins with this, except the one that asks: a killed client leaves its
 * backend working or waiting. Safe to repeat. Gives how many there were.
 */
export function endBackends(access: Access, database: string, prefix: string): Promise<number> {
  return withSession(access.session(database), (session) => session.json<number>(endingSql(prefix)));
}

/**
 * The same for this attempt when it fails, also when it was cancelled: a backend that waits for a lock does not notice
 * that its client has gone. Never throws; what it cannot end goes with its lock timeout, or with the next attempt.
 */
export async function endOwnBackends(access: Access, database: string): Promise<void> {
  const args = [...SESSION_ARGS, '-c', endingSql(access.call.marker)];
  await runTool(access.tool('psql', args, { database }), { limitSeconds: END_SECONDS }).catch(
    () => undefined,
  );
}

const END_SECONDS = 10;

function endingSql(prefix: string): string {
  const name = quoteLiteral(cutToName(prefix));
  return `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE left(application_name, length(${name})) = ${name} AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;
}

/** What a new attempt does first: ends what the last one left, in the database and where its tools ran. */
export async function endLeftovers(access: Access, database: string): Promise<void> {
  const { config, runtime } = access.options;
  await runtime.endMarked({ service: config.service, marker: access.call.markerPrefix });
  const ended = await endBackends(access, database, access.call.markerPrefix);
  if (ended > 0) access.call.say(`ended ${ended} sessions of an earlier attempt`);
}
