import type { RestorePlace, StoreCall } from '../port.js';
import { openAccess, type StoreOptions } from './access.js';
import { databaseNames } from './database-names.js';
import { commentSql, databaseState } from './ownership.js';
import { quoteIdentifier } from './quote.js';
import { withSession, type Session } from './session.js';

/** The database that is kept, known by its comment. */
export async function kept(
  options: StoreOptions,
  call: StoreCall,
  place: RestorePlace,
): Promise<string | undefined> {
  const { maintenanceDatabase } = options.config;
  const access = await openAccess(options, call, maintenanceDatabase);
  return withSession(access.session(maintenanceDatabase), async (session) => {
    const [database] = await keptDatabases(session, options.config.database, place);
    return database;
  });
}

async function keptDatabases(session: Session, live: string, place: RestorePlace): Promise<string[]> {
  const names = databaseNames(live, place);
  const found: string[] = [];
  for (const database of place.mode === 'into' ? [] : [names.old, names.undone]) {
    const { own } = await databaseState(session, database, place.token);
    if (own?.state === 'kept' || own?.state === 'undone') found.push(database);
  }
  return found;
}

/** Drops what was kept, when its hold has ended. Only what this restore kept, known by its comment. */
export async function release(
  options: StoreOptions,
  call: StoreCall,
  place: RestorePlace,
): Promise<string[]> {
  const { maintenanceDatabase } = options.config;
  const access = await openAccess(options, call, maintenanceDatabase);
  const names = databaseNames(options.config.database, place);
  return withSession(access.session(maintenanceDatabase), async (session) => {
    const dropped: string[] = [];
    for (const database of await keptDatabases(session, names.live, place)) {
      await session.run(`DROP DATABASE ${quoteIdentifier(database)} WITH (FORCE)`);
      dropped.push(`${database} was dropped`);
    }
    // The trace of a restore that replaced nothing.
    const live = await databaseState(session, names.live, place.token);
    if (live.own?.state === 'moved') await session.run(commentSql(names.live, live.own.kept.comment));
    return dropped.length > 0 ? dropped : ['nothing to do: nothing is kept'];
  });
}
