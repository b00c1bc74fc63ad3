import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall } from '../port.js';
import { openAccess, type StoreOptions } from './access.js';
import { refuseBlocked } from './blockers.js';
import { allowConnections, endSessions, serverClock } from './close-database.js';
import { copySettings } from './copy-settings.js';
import { databaseFacts } from './database-facts.js';
import { databaseNames, type DatabaseNames } from './database-names.js';
import { endLeftovers } from './leftovers.js';
import { madeSince } from './make-fresh.js';
import { commentSql, databaseState, ownComment, type DatabaseState, type Kept } from './ownership.js';
import { quoteIdentifier } from './quote.js';
import { withSession, type Session } from './session.js';

export interface Cutover {
  readonly gapSeconds: number;
  readonly notes: string[];
}

/**
 * Switches to the loaded database by renaming. Idempotent at every point: it looks first, by names and comments. Both
 * renames are one transaction, so there is always a database of the live name or none is open yet; a failure before it
 * opens the live one again. The gap, by the server's clock, is from closing the live one to opening the new one.
 */
export async function cutover(options: StoreOptions, call: StoreCall, place: RestorePlace): Promise<Cutover> {
  const names = databaseNames(options.config.database, place);
  const nothing = { gapSeconds: 0, notes: [`nothing to do: ${names.live} is not touched`] };
  // A proof is dropped by its mark.
  if (place.mode === 'into' && options.proof) return nothing;
  const { maintenanceDatabase } = options.config;
  const access = await openAccess(options, call, maintenanceDatabase);
  await endLeftovers(access, maintenanceDatabase);
  return withSession(access.session(maintenanceDatabase), async (session) => {
    const fresh = await databaseState(session, names.fresh, place.token);
    if (place.mode === 'into') {
      // A database of its own from now on, under its own comment.
      if (fresh.own?.state === 'loading') await session.run(commentSql(names.fresh, fresh.own.kept.comment));
      return nothing;
    }
    const live = await databaseState(session, names.live, place.token);
    const old = await databaseState(session, names.old, place.token);
    if (old.own?.state === 'kept' && live.exists && !fresh.exists) return doneAlready(old, names);
    if (live.own?.state === 'moved' && !fresh.exists)
      return { gapSeconds: 0, notes: [`was done already: ${names.live} is the loaded one`] };
    if (fresh.own?.state !== 'loading') {
      throw new SteadyError('store.blocked', {
        database: names.live,
        by: `${names.fresh} was not loaded by this restore`,
      });
    }
    // In place the live one gave way long ago, and so did the room for two.
    if (place.mode === 'in-place' && live.exists) throw madeSince(names.live);
    const { kept } = fresh.own;
    return live.exists ? swap(session, names, place, kept) : moveIn(session, names, place, kept.comment);
  });
}

function doneAlready(old: DatabaseState, names: DatabaseNames): Cutover {
  const { closedAt, openedAt } = old.own?.kept ?? {};
  const gapSeconds = closedAt !== undefined && openedAt !== undefined ? seconds(openedAt - closedAt) : 0;
  return { gapSeconds, notes: [`was done already: ${names.old} is kept`] };
}

async function swap(
  session: Session,
  names: DatabaseNames,
  place: RestorePlace,
  loaded: Kept,
): Promise<Cutover> {
  await refuseBlocked(session, names.live);
  const facts = await databaseFacts(session, names.live);
  // One that was made only while the backup was loaded is not what people had set up.
  const { fromBackup = false } = loaded;
  if (facts && !fromBackup) await copySettings(session, facts, names.fresh);
  const before = facts?.comment ?? null;
  const comment = fromBackup ? loaded.comment : before;
  const closedAt = await serverClock(session);
  try {
    await allowConnections(session, names.live, false);
    await endSessions(session, [names.live, names.fresh]);
    const openedAt = await rename(session, names, ownKept(place, before, closedAt), comment);
    return {
      gapSeconds: seconds(openedAt - closedAt),
      notes: [
        `the replaced database is kept as ${names.old}`,
        ...(fromBackup ? [`it was made since: owner, rights and settings are those of the backup`] : []),
      ],
    };
  } catch (error) {
    // The failed transaction is gone with this session's end; a session that broke cannot do it, `undo` will.
    await session.run('ROLLBACK').catch(() => undefined);
    await allowConnections(session, names.live, true).catch(() => undefined);
    throw error;
  }
}

const ownKept =
  (place: RestorePlace, comment: string | null, closedAt: number) =>
  (openedAt: number): string =>
    ownComment('kept', place.token, { comment, closedAt, openedAt });

async function rename(
  session: Session,
  names: DatabaseNames,
  keptComment: (openedAt: number) => string,
  comment: string | null,
): Promise<number> {
  await session.run('BEGIN');
  await session.run(`ALTER DATABASE ${quoteIdentifier(names.live)} RENAME TO ${quoteIdentifier(names.old)}`);
  await session.run(
    `ALTER DATABASE ${quoteIdentifier(names.fresh)} RENAME TO ${quoteIdentifier(names.live)}`,
  );
  await session.run(commentSql(names.live, comment));
  const openedAt = await serverClock(session);
  await session.run(commentSql(names.old, keptComment(openedAt)));
  await session.run(`ALTER DATABASE ${quoteIdentifier(names.live)} WITH ALLOW_CONNECTIONS true`);
  await session.run('COMMIT');
  return openedAt;
}

/** There is no live database: the loaded one takes its name and nothing is kept. */
async function moveIn(
  session: Session,
  names: DatabaseNames,
  place: RestorePlace,
  comment: string | null,
): Promise<Cutover> {
  await endSessions(session, [names.fresh]);
  await session.run('BEGIN');
  await session.run(
    `ALTER DATABASE ${quoteIdentifier(names.fresh)} RENAME TO ${quoteIdentifier(names.live)}`,
  );
  await session.run(commentSql(names.live, ownComment('moved', place.token, { comment })));
  await session.run('COMMIT');
  return { gapSeconds: 0, notes: [`there was no database ${names.live}: nothing is kept`] };
}

const seconds = (value: number): number => Math.round(value * 1000) / 1000;
