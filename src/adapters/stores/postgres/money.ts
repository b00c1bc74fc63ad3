import type { Access } from './access.js';
import { MONEY_ALIKE } from './connection.js';
import { optionsRefused } from './pooler.js';
import type { Session } from './session.js';

/**
 * Environment in which pg_dump prints `money` as every server reads it. A pooler that takes no settings at the start of
 * a session is no matter while nothing is printed otherwise. Fails with `store.pooler`.
 */
export async function moneyEnvironment(
  access: Access,
  session: Session,
  database: string,
): Promise<Record<string, string>> {
  const refused = await optionsRefused(access, database);
  if (!refused) return { PGOPTIONS: MONEY_ALIKE };
  if (await printsMoneyOtherwise(session)) throw refused;
  return {};
}

/** Columns of money, of arrays of it, and of the user's own types over it, in a database whose form of it is not C's. */
function printsMoneyOtherwise(session: Session): Promise<boolean> {
  return session.json<boolean>(`
    WITH over AS (
      SELECT oid FROM pg_type WHERE oid IN ('money'::regtype, 'money[]'::regtype)
        OR typbasetype IN ('money'::regtype, 'money[]'::regtype)
      UNION SELECT rngtypid FROM pg_range WHERE rngsubtype = 'money'::regtype
    )
    SELECT to_jsonb(
      (SELECT reset_val NOT IN ('C', 'POSIX') FROM pg_settings WHERE name = 'lc_monetary')
      AND EXISTS (
        SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid >= 16384 AND NOT a.attisdropped
          AND (a.atttypid IN (SELECT oid FROM over) OR t.typelem IN (SELECT oid FROM over))
      )
    )`);
}
