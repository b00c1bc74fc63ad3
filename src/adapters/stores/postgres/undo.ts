import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall, UndoOptions } from '../port.js';
import { openAccess, type StoreOptions } from './access.js';
import { allowConnections, endSessions } from './close-database.js';
import { databaseNames, type DatabaseNames } from './database-names.js';
import { endLeftovers } from './leftovers.js';
import { dropOwn } from './make-fresh.js';
import { commentSql, databaseState, ownComment, type DatabaseState, type Kept } from './ownership.js';
import { quoteIdentifier } from './quote.js';
import { withSession, type Session } from './session.js';

/**
 * Before the cut-over: opens the live database and drops what was loaded. After it: swaps back the same way, and keeps
 * the restored one, with what was written since, under a name of its own. Looks first, so that it can run again. Fails
 * with `store.gone` when the restore had ended and nothing of it is kept any more.
 */
export async function undo(
  options: StoreOptions,
  call: StoreCall,
  place: RestorePlace,
  { finished = false, begun }: UndoOptions = {},
): Promise<string[]> {
  const { maintenanceDatabase } = options.config;
  const access = await openAccess(options, call, maintenanceDatabase);
  await endLeftovers(access, maintenanceDatabase);
  const names = databaseNames(options.config.database, place);
  return withSession(access.session(maintenanceDatabase), async (session) => {
    const nascent = await databaseState(session, names.nascent, place.token);
    const fresh = await databaseState(session, names.fresh, place.token);
    const live = await databaseState(session, names.live, place.token);
    const old = await databaseState(session, names.old, place.token);
    const replacing = place.mode === 'in-place' && place.absent !== true;
    if (old.own?.state === 'kept')
      return swapBack(session, names, place.token, {
        liveExists: live.exists,
        comment: old.own.kept.comment,
      });
    if (live.own?.state === 'moved') {
      const why = `there is no database to go back to as ${names.live}`;
      if (finished || replacing) throw new SteadyError('store.gone', { database: names.live, says: why });
      return [`nothing to do: ${why}`];
    }
    const made = fresh.own ?? nascent.own;
    if (replacing && begun !== false && gaveWay(live, made?.kept)) {
      const other = live.exists ? '; the one of its name is another, made since' : '';
      const left = fresh.own ? `; ${names.fresh} holds what was loaded so far` : '';
      const says = `it was dropped to make room; restore the backup taken before${other}${left}`;
      throw new SteadyError('store.gone', { database: names.live, says });
    }
    // Not before: it may be all that tells which database gave way.
    await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(names.nascent)} WITH (FORCE)`);
    if (!fresh.own) return alreadyUndone(session, names, place, finished);
    if (place.mode !== 'into' && live.exists) await allowConnections(session, names.live, true);
    await dropOwn(session, names.fresh, place.token);
    const serves = place.mode !== 'into' && live.exists ? [`${names.live} serves`] : [];
    return [`${names.fresh} was dropped`, ...serves];
  });
}

/** In place: whether the database that was live is no more. Without what this restore made, nobody can tell why. */
function gaveWay(live: DatabaseState, made: Kept | undefined): boolean {
  if (live.exists) return made?.replaced !== undefined && live.oid !== made.replaced;
  return made === undefined || made.replaced !== undefined;
}

async function alreadyUndone(
  session: Session,
  names: DatabaseNames,
  place: RestorePlace,
  finished: boolean,
): Promise<string[]> {
  const undone = await databaseState(session, names.undone, place.token);
  if (undone.own) return [`was undone already: ${names.undone} keeps what was restored`];
  if (finished) throw new SteadyError('store.gone', { database: names.old, says: 'it is not kept any more' });
  return [`nothing to do: ${names.fresh} is not there`];
}

async function swapBack(
  session: Session,
  names: DatabaseNames,
  token: string,
  { liveExists, comment }: { liveExists: boolean; comment: string | null },
): Promise<string[]> {
  try {
    if (liveExists) {
      await allowConnections(session, names.live, false);
      await endSessions(session, [names.live]);
    }
    await session.run('BEGIN');
    if (liveExists) {
      await session.run(
        `ALTER DATABASE ${quoteIdentifier(names.live)} RENAME TO ${quoteIdentifier(names.undone)}`,
      );
      await session.run(commentSql(names.undone, ownComment('undone', token, { comment })));
    }
    await session.run(
      `ALTER DATABASE ${quoteIdentifier(names.old)} RENAME TO ${quoteIdentifier(names.live)}`,
    );
    await session.run(commentSql(names.live, comment));
    await session.run(`ALTER DATABASE ${quoteIdentifier(names.live)} WITH ALLOW_CONNECTIONS true`);
    await session.run('COMMIT');
  } catch (error) {
    await session.run('ROLLBACK').catch(() => undefined);
    if (liveExists) await allowConnections(session, names.live, true).catch(() => undefined);
    throw error;
  }
  const kept = liveExists ? [`what was restored, and written since, is kept as ${names.undone}`] : [];
  return [`${names.live} is the database from before the restore`, ...kept];
}
