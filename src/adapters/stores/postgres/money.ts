import type { Access } from './access.js';
import { MONEY_ALIKE } from './connection.js';
import { optionsRefused } from './pooler.js';
import type { Session } from './session.js';

/**
 * Environment in which pg_dump prints `money` as every server reads it. A pooler that takes no settings at the start of
 * a session is no matter while no row is printed otherwise. Fails with `store.pooler`. Amounts in expressions (defaults,
 * views, functions) are not looked for: through such a pooler they are printed in the server's own form.
 *
 * @param session one with {@link sessionSettings}, in a transaction
 */
export async function moneyEnvironment(
  access: Access,
  session: Session,
  database: string,
): Promise<Record<string, string>> {
  if (await printsMoneyAlike(session)) return {};
  const refused = await optionsRefused(access, database);
  if (!refused) return { PGOPTIONS: MONEY_ALIKE };
  if (await keepsMoney(session)) throw refused;
  return {};
}

/** With sign, separators and fraction. */
const FORM = `SELECT to_jsonb(1234567.89::numeric::money::text || ' ' || (-1234567.89)::numeric::money::text)`;

/** Whether connections without settings of their own print as under C: many locales do, by whatever name. */
async function printsMoneyAlike(session: Session): Promise<boolean> {
  await session.run('SET LOCAL lc_monetary TO DEFAULT');
  const own = await session.json<string>(FORM);
  await session.run(`SET LOCAL lc_monetary TO 'C'`);
  return own === (await session.json<string>(FORM));
}

/** Whether a table has a column of money, or of a type made of it: domain, array, row, range, in any depth. */
export function keepsMoney(session: Session): Promise<boolean> {
  // Servers before 14 have no multiranges and no column for them.
  return session.json<boolean>(`
    WITH RECURSIVE made (part, whole) AS (
      SELECT typbasetype, oid FROM pg_type WHERE typbasetype <> 0
      UNION ALL SELECT typelem, oid FROM pg_type WHERE typelem <> 0
      UNION ALL SELECT rngsubtype, rngtypid FROM pg_range
      UNION ALL SELECT rngsubtype, (to_jsonb(r) ->> 'rngmultitypid')::oid FROM pg_range r
      UNION ALL SELECT a.atttypid, c.reltype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.reltype <> 0 AND NOT a.attisdropped
    ), reached (type) AS (
      SELECT 'money'::regtype::oid
      UNION SELECT made.whole FROM reached JOIN made ON made.part = reached.type
    )
    SELECT to_jsonb(EXISTS (
      SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.oid >= 16384 AND c.relkind = 'r' AND NOT a.attisdropped
        AND a.atttypid IN (SELECT type FROM reached)
    ))`);
}
