import { z } from 'zod';
import { databaseFactsSchema } from './detail.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import type { Session } from './session.js';

/**
 * What this restore made or keeps is known by the comment on the database, never by its name alone:
 * `steadyhand <state> <token> <JSON>`. The JSON keeps what has to be put back, the database's own comment first of all.
 */
const keptSchema = z.object({
  comment: z.string().nullable().default(null),
  /** Server clock, seconds since 1970: when connections were disallowed, and when the new one was opened. */
  closedAt: z.number().optional(),
  openedAt: z.number().optional(),
  /** In place: the live database as it was before it gave way. */
  live: databaseFactsSchema.optional(),
  /** In place: the oid of the one that gave way, so that another of its name is not taken for it. */
  replaced: z.number().optional(),
  /** There was no live database: owner, settings and comment are the backup's. */
  fromBackup: z.boolean().optional(),
});
export type Kept = z.infer<typeof keptSchema>;

/** `moved`: took the name of a database that was not there; nothing else is left to tell a second attempt. */
export type OwnState = 'loading' | 'kept' | 'undone' | 'moved';

export interface DatabaseState {
  readonly exists: boolean;
  readonly oid?: number | undefined;
  readonly open: boolean;
  readonly comment: string | null;
  /** When it is ours, of this restore. */
  readonly own?: { readonly state: OwnState; readonly kept: Kept } | undefined;
}

export function ownComment(state: OwnState, token: string, kept: Kept): string {
  return `steadyhand ${state} ${token} ${JSON.stringify(kept)}`;
}

export function readOwnComment(comment: string | null, token: string): DatabaseState['own'] {
  const match = /^steadyhand (loading|kept|undone|moved) (\S+) (\{.*\})$/s.exec(comment ?? '');
  if (!match?.[1] || match[2] !== token || !match[3]) return undefined;
  try {
    return { state: match[1] as OwnState, kept: keptSchema.parse(JSON.parse(match[3])) };
  } catch {
    return undefined;
  }
}

/** The database's own comment, also while it carries one of ours. */
export function plainComment(comment: string | null): string | null {
  const token = /^steadyhand \S+ (\S+) \{/.exec(comment ?? '')?.[1];
  const own = token === undefined ? undefined : readOwnComment(comment, token);
  return own ? own.kept.comment : comment;
}

export async function databaseState(
  session: Session,
  database: string,
  token: string,
): Promise<DatabaseState> {
  const found = await session.json<{ oid: number; open: boolean; comment: string | null } | undefined>(
    `SELECT jsonb_build_object('oid', oid::int8, 'open', datallowconn, 'comment', shobj_description(oid, 'pg_database'))
     FROM pg_database WHERE datname = ${quoteLiteral(database)}`,
  );
  if (found === undefined) return { exists: false, open: false, comment: null };
  return { exists: true, ...found, own: readOwnComment(found.comment, token) };
}

export function commentSql(database: string, comment: string | null): string {
  return `COMMENT ON DATABASE ${quoteIdentifier(database)} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`;
}
