import { SteadyError } from '../../../contracts/failures.js';
import { quoteLiteral } from './quote.js';
import type { Session } from './session.js';

/**
 * What is bound to the live database and would go wrong when it is renamed: a sentence each. Prepared transactions and
 * background workers keep it in use, so that the rename waits for ever; logical slots and subscriptions go on with the
 * old one and would miss the changes of the new.
 */
export function findBlockers(session: Session, database: string): Promise<string[]> {
  const name = quoteLiteral(database);
  return session.json(`
    SELECT coalesce(jsonb_agg(line ORDER BY line), '[]') FROM (
      SELECT format('prepared transaction %s of %s', gid, owner) AS line FROM pg_prepared_xacts WHERE database = ${name}
      UNION ALL
      SELECT format('logical replication slot %s', slot_name) FROM pg_replication_slots WHERE database = ${name}
      UNION ALL
      SELECT format('subscription %s', subname) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = ${name}
      UNION ALL
      SELECT format('background worker %s (pid %s)', backend_type, pid) FROM pg_stat_activity
      WHERE datname = ${name} AND backend_type NOT IN
        ('client backend', 'autovacuum worker', 'autovacuum launcher', 'parallel worker', 'walsender', 'logical replication worker')
    ) found`);
}

export async function refuseBlocked(session: Session, database: string): Promise<void> {
  const found = await findBlockers(session, database);
  if (found.length > 0) throw new SteadyError('store.blocked', { database, by: found.join('; ') });
}
