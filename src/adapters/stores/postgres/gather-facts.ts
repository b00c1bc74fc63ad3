import type { LiveFacts, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { contentFacts, contentNames } from './content-facts.js';
import { quoteLiteral } from './quote.js';
import { withSession } from './session.js';
import { hasSqlstate } from './sql-failure.js';
import { describeTables } from './tables.js';

/** Longest time for counting rows of the live database, in seconds a statement. */
const COUNT_SECONDS = 20;

/** What the live database is now. Rows are counted only as far as that is quick; else `counts` is left empty. */
export async function gatherFacts(
  options: StoreOptions,
  call: StoreCall,
  how: { readonly uncounted?: boolean } = {},
): Promise<LiveFacts> {
  return liveFacts(await openAccess(options, call, options.config.database), how);
}

export async function liveFacts(
  access: Access,
  how: { readonly uncounted?: boolean } = {},
): Promise<LiveFacts> {
  const { database } = access.options.config;
  return withSession(access.session(database), async (session) => {
    const bytes = await session.json<number>(`SELECT pg_database_size(${quoteLiteral(database)})`);
    const names = await contentNames(session);
    let { uncounted = false } = how;
    const nothing = { counts: {}, atMost: {}, digests: {}, names };
    const count = async (): Promise<typeof nothing> => {
      await session.run(`SET statement_timeout TO '${COUNT_SECONDS}s'`);
      return contentFacts(session, await describeTables(session), { digests: false, names });
    };
    const facts = uncounted
      ? nothing
      : await count().catch((error: unknown) => {
          // Too slow or locked: then nothing is said about rows.
          if (!hasSqlstate(error, '57014', '55P03', '42501')) throw error;
          uncounted = true;
          return nothing;
        });
    return { product: 'PostgreSQL', ...access.server, bytes, facts, uncounted };
  });
}
