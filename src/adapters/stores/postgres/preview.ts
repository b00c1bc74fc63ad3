import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { LiveFacts, RestorePlace, RestorePreview, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { refuseBlocked } from './blockers.js';
import { databaseFacts } from './database-facts.js';
import { databaseNames, refuseFolder, type DatabaseNames } from './database-names.js';
import { readDetail } from './detail.js';
import { liveFacts } from './gather-facts.js';
import { findLacks } from './lacks.js';
import { databaseState } from './ownership.js';
import { previewNotes, sessionNotes } from './preview-notes.js';
import { refusePooler, refuseWithoutOptions } from './pooler.js';
import { findRights } from './rights.js';
import { withSession, type Session } from './session.js';
import { writtenBy } from './versions.js';

/**
 * Looks before anything is touched. Fails with `store.too-new`, `store.tool-too-old`, `store.denied`, `store.blocked`,
 * `store.no-room`, `store.not-empty`, `store.pooler`, `usage.invalid`. Changes nothing.
 */
export async function preview(
  options: StoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<RestorePreview> {
  const { config } = options;
  const detail = readDetail(manifest);
  refuseFolder(place);
  if (config.maintenanceDatabase === config.database) {
    throw new SteadyError('store.blocked', {
      database: config.database,
      by: 'maintenanceDatabase must be another database',
    });
  }
  const access = await openAccess(options, call, config.maintenanceDatabase);
  const tooNew = manifest.server.major > access.server.major;
  // In place the live data would be gone when the load fails.
  if (tooNew && (place.force !== true || place.mode === 'in-place')) {
    throw new SteadyError('store.too-new', {
      backup: manifest.server.version,
      server: access.server.version,
    });
  }
  // Tools that cannot read its archives are refused here, not in the middle of the load.
  if (access.tools.major < writtenBy(manifest))
    await openAccess(options, call, config.maintenanceDatabase, writtenBy(manifest));
  await refusePooler(access, config.maintenanceDatabase);
  await refuseWithoutOptions(access, config.maintenanceDatabase);
  const names = databaseNames(config.database, place);
  return withSession(access.session(config.maintenanceDatabase), async (session) => {
    await refuseWithoutRights(session, names, place);
    const liveDatabase = await databaseFacts(session, names.live);
    const lacks = await findLacks(session, {
      ...{ detail, place, live: liveDatabase, major: access.server.major },
    });
    if (lacks.denied.length > 0) {
      const facts = { user: config.user, database: names.live };
      throw new SteadyError('store.denied', { ...facts, needs: lacks.denied.join('; ') });
    }
    if (place.mode !== 'into') await refuseBlocked(session, names.live);
    const fresh = await databaseState(session, names.fresh, place.token);
    if (fresh.exists && !fresh.own) throw new SteadyError('store.not-empty', { database: names.fresh });
    const liveThere = liveDatabase !== undefined;
    const notes = [
      ...(tooNew ? [forced(manifest.server.version, access.server.version)] : []),
      ...lacks.notes,
      ...(await previewNotes(access, session, { detail, names, place })),
      ...manifest.notes,
    ];
    const asides = await sessionNotes(session, names, place);
    const live = await readLive(access, liveThere, { notes, asides });
    return {
      words: words(names, place, liveThere),
      ...{ live, notes, asides, absent: !liveThere },
      ...(place.mode === 'beside' && liveThere ? { keptAs: names.old } : {}),
      stopsStore: false,
    };
  });
}

const forced = (backup: string, server: string): string =>
  `forced: the backup is of PostgreSQL ${backup}, newer than ${server} here: what this server does not know fails the load, before anything is switched`;

async function refuseWithoutRights(
  session: Session,
  names: DatabaseNames,
  place: RestorePlace,
): Promise<void> {
  const rights = await findRights(session, names.live);
  const facts = { user: rights.user, database: names.live };
  if (!rights.createDatabase) throw new SteadyError('store.denied', { ...facts, needs: 'CREATEDB' });
  if (place.mode !== 'into' && !rights.owner) {
    const why =
      'superuser, or owner of the database with CREATEDB; where that is not given, as on managed servers, use --into';
    throw new SteadyError('store.denied', { ...facts, needs: why });
  }
}

/** A live database that cannot be read is often why there is a restore: it is said, and blocks nothing. */
async function readLive(
  access: Access,
  there: boolean,
  { notes, asides }: { notes: string[]; asides: string[] },
): Promise<LiveFacts | undefined> {
  if (!there) {
    notes.push(`there is no database ${access.options.config.database}: nothing is replaced`);
    return undefined;
  }
  try {
    return await liveFacts(access);
  } catch (error) {
    if (access.call.signal.aborted) throw error;
    asides.push(
      `the live database cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

function words(names: DatabaseNames, place: RestorePlace, liveThere: boolean): RestorePreview['words'] {
  const compare = `Compare ${names.fresh} with the backup`;
  if (place.mode === 'into') {
    const why = `nothing to do: ${names.live} is not touched`;
    return {
      load: `Load into new database ${names.fresh}`,
      compare,
      cutover: why,
      undo: `Drop ${names.fresh}`,
    };
  }
  const load =
    place.mode === 'beside'
      ? `Load into ${names.fresh} beside ${names.live}`
      : `Drop ${names.live} and load into ${names.fresh}`;
  if (place.mode === 'in-place' || !liveThere) {
    return { load, compare, cutover: `Rename ${names.fresh} to ${names.live}`, undo: `Drop ${names.fresh}` };
  }
  return {
    load,
    compare,
    cutover: `Close ${names.live}, end its sessions, rename it to ${names.old} and ${names.fresh} to ${names.live}`,
    undo: `Rename ${names.old} back to ${names.live} and keep the restored one as ${names.undone}`,
  };
}
