import { SteadyError } from '../../../contracts/failures.js';
import type { BackupReader, RestorePlace } from '../port.js';
import type { Access } from './access.js';
import { addRoles } from './add-roles.js';
import { copySettings } from './copy-settings.js';
import { createDatabaseSql } from './create-database.js';
import { databaseFacts } from './database-facts.js';
import { databaseNames } from './database-names.js';
import type { DatabaseFacts, Detail } from './detail.js';
import { commentSql, databaseState, ownComment } from './ownership.js';
import { quoteIdentifier } from './quote.js';
import { findRights } from './rights.js';
import type { StoredRole } from './roles.js';
import { rolesToAdd } from './roles-to-add.js';
import { withSession, type Session } from './session.js';
import { notMemberOf, settableFacts } from './settable.js';

/**
 * Makes the empty database a backup is loaded into: from template0, with owner, encoding, locale and provider of the
 * live one, or of the backup where there is no live one. Gives false when the cut-over has been done already.
 */
export function makeFresh(
  access: Access,
  reader: BackupReader,
  detail: Detail,
  place: RestorePlace,
): Promise<boolean> {
  const { config, proof = false } = access.options;
  const names = databaseNames(config.database, place);
  return withSession(access.session(config.maintenanceDatabase), async (session) => {
    if ((await databaseState(session, names.old, place.token)).own) return false;
    const earlier = await databaseState(session, names.fresh, place.token);
    // From storage, so before anything is dropped. A copy for a proof leaves nothing behind, and roles would stay.
    if (!proof) await readRoles(access, session, reader, detail);
    if (earlier.exists && !earlier.own) throw new SteadyError('store.not-empty', { database: names.fresh });
    const nascent = await databaseState(session, names.nascent, place.token);

    const live = place.mode === 'into' ? undefined : await databaseFacts(session, config.database);
    // What an earlier attempt wrote down, wherever it was killed: in place the live one may be gone by now.
    const before = (earlier.own ?? nascent.own)?.kept;
    const { oid } = await databaseState(session, config.database, place.token);
    const seen = before === undefined ? place.absent !== true : before.replaced === oid;
    if (place.mode === 'in-place' && live !== undefined && !seen) throw madeSince(config.database);
    const fromBackup = before?.fromBackup ?? live === undefined;
    const like = before?.live ?? (fromBackup ? undefined : live) ?? detail.database;
    const owner = proof ? config.user : await ownerFor(access, session, like.owner);
    // Naming a tablespace takes a right on it that an owner of databases does not have, even on the default one.
    const own = before?.replaced === undefined ? live : before.live;
    const tablespace = own?.tablespace === 'pg_default' ? undefined : own?.tablespace;
    // One that carries its comment is whole and empty, and may be all that remembers the live one's settings.
    if (!nascent.own) {
      await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(names.nascent)} WITH (FORCE)`);
      await session.run(
        createDatabaseSql({ name: names.nascent, owner, like, major: access.server.major, tablespace }),
      );
      // Who may not connect to the live one need not look into its copy.
      if (proof || like.acl !== null)
        await session.run(`REVOKE ALL ON DATABASE ${quoteIdentifier(names.nascent)} FROM PUBLIC`);
      const replaced = before?.replaced ?? oid;
      const kept = {
        comment: like.comment,
        ...(fromBackup && { fromBackup }),
        ...(place.mode === 'in-place' ? { live: like, ...(replaced !== undefined && { replaced }) } : {}),
      };
      await session.run(commentSql(names.nascent, ownComment('loading', place.token, kept)));
    }
    await dropOwn(session, names.fresh, place.token);
    await session.run(
      `ALTER DATABASE ${quoteIdentifier(names.nascent)} RENAME TO ${quoteIdentifier(names.fresh)}`,
    );
    if (!proof && (fromBackup || place.mode === 'in-place')) {
      const { facts } = await settableFacts(session, { ...like, owner }, access.server.major);
      await copySettings(session, facts, names.fresh);
    }
    if (place.mode === 'in-place' && live !== undefined) await giveWay(access, session, live);
    return true;
  });
}

/** In place: whoever made it may want what is in it, and of that there is no copy. */
export const madeSince = (database: string): SteadyError =>
  new SteadyError('store.blocked', {
    database,
    by: 'one of this name was made since the restore began: rename or drop it',
  });

/** Drops the database an earlier attempt made; another's is left alone and refused. */
export async function dropOwn(session: Session, database: string, token: string): Promise<boolean> {
  const state = await databaseState(session, database, token);
  if (!state.exists) return false;
  if (!state.own) throw new SteadyError('store.not-empty', { database });
  await session.run(`DROP DATABASE ${quoteIdentifier(database)} WITH (FORCE)`);
  return true;
}

async function readRoles(
  access: Access,
  session: Session,
  reader: BackupReader,
  detail: Detail,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of reader.open('roles')) chunks.push(chunk);
  const stored = JSON.parse(Buffer.concat(chunks).toString('utf8')) as StoredRole[];
  const rights = await findRights(session, detail.database.name);
  const added = await addRoles(session, rolesToAdd(stored, detail, rights));
  if (added.length > 0) access.call.say(`added roles ${added.join(', ')}`);
}

/** The owner, or the user itself where there is no such role or the user may not act as it. */
async function ownerFor(access: Access, session: Session, owner: string): Promise<string> {
  const stranger = (await notMemberOf(session, [owner], access.server.major)).length > 0;
  return stranger ? access.options.config.user : owner;
}

/**
 * In place there is no room for both: the live database goes before the load begins. Its settings are on the new one
 * by then, so that nothing but its rows is lost, and those are what the backup replaces.
 */
async function giveWay(access: Access, session: Session, live: DatabaseFacts): Promise<void> {
  access.call.say(`dropping ${live.name} to make room`);
  await session.run(`DROP DATABASE ${quoteIdentifier(live.name)} WITH (FORCE)`);
}
