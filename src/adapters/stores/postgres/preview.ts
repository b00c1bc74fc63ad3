import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { LiveFacts, RestorePlace, RestorePreview, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { compareRoles } from './add-roles.js';
import { refuseBlocked } from './blockers.js';
import { databaseFacts, missingTablespaces } from './database-facts.js';
import { databaseNames, type DatabaseNames } from './database-names.js';
import { readDetail, type Detail } from './detail.js';
import { freeBytes, SPARE } from './free-space.js';
import { liveFacts } from './gather-facts.js';
import { databaseState } from './ownership.js';
import { refusePooler } from './pooler.js';
import { findRights } from './rights.js';
import { listRoles } from './roles.js';
import { withSession, type Session } from './session.js';
import { writtenBy } from './versions.js';

/**
 * Looks before anything is touched. Fails with `store.too-new`, `store.tool-too-old`, `store.denied`, `store.blocked`,
 * `store.no-room`, `store.not-empty`, `store.pooler`. Changes nothing.
 */
export async function preview(
  options: StoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<RestorePreview> {
  const { config } = options;
  const detail = readDetail(manifest);
  if (config.maintenanceDatabase === config.database) {
    throw new SteadyError('store.blocked', {
      database: config.database,
      by: 'maintenanceDatabase must be another database',
    });
  }
  const access = await openAccess(options, call, config.maintenanceDatabase);
  if (manifest.server.major > access.server.major) {
    throw new SteadyError('store.too-new', {
      backup: manifest.server.version,
      server: access.server.version,
    });
  }
  // Tools that cannot read its archives are refused here, not in the middle of the load.
  if (access.tools.major < writtenBy(manifest))
    await openAccess(options, call, config.maintenanceDatabase, writtenBy(manifest));
  await refusePooler(access, config.maintenanceDatabase);
  const names = databaseNames(config.database, place);
  return withSession(access.session(config.maintenanceDatabase), async (session) => {
    await refuseWithoutRights(session, names, place);
    if (place.mode !== 'into') await refuseBlocked(session, names.live);
    const fresh = await databaseState(session, names.fresh, place.token);
    if (fresh.exists && !fresh.own) throw new SteadyError('store.not-empty', { database: names.fresh });
    const liveThere = (await databaseFacts(session, names.live)) !== undefined;
    const notes = [
      ...(await roomNotes(access, session, detail, names, place)),
      ...(await roleNotes(session, detail)),
      ...(await tablespaceNotes(session, detail)),
      ...manifest.notes,
    ];
    const live = await readLive(access, liveThere, notes);
    return {
      words: words(names, place, liveThere),
      live,
      notes,
      ...(place.mode === 'beside' && liveThere ? { keptAs: names.old } : {}),
      stopsStore: false,
    };
  });
}

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

async function roomNotes(
  access: Access,
  session: Session,
  detail: Detail,
  names: DatabaseNames,
  place: RestorePlace,
): Promise<string[]> {
  const free = await freeBytes(access, session);
  if (free === undefined) return ['room on the server’s disk cannot be seen from here'];
  const live = place.mode === 'in-place' ? ((await databaseFacts(session, names.live))?.bytes ?? 0) : 0;
  const needed = Math.ceil(detail.database.bytes * SPARE);
  if (free + live < needed) throw new SteadyError('store.no-room', { free: free + live, needed });
  return [];
}

async function roleNotes(session: Session, detail: Detail): Promise<string[]> {
  const { missing, differing } = compareRoles(detail.roles, await listRoles(session, { passwords: false }));
  return [...(missing.length > 0 ? [`roles that will be added: ${missing.join(', ')}`] : []), ...differing];
}

async function tablespaceNotes(session: Session, detail: Detail): Promise<string[]> {
  const missing = await missingTablespaces(session, detail);
  if (missing.length === 0) return [];
  return [`tablespaces that are not here, what was in them goes to the default one: ${missing.join(', ')}`];
}

/** A live database that cannot be read is often why there is a restore: it is said, and blocks nothing. */
async function readLive(access: Access, there: boolean, notes: string[]): Promise<LiveFacts | undefined> {
  if (!there) {
    notes.push(`there is no database ${access.options.config.database}: nothing is replaced`);
    return undefined;
  }
  try {
    return await liveFacts(access);
  } catch (error) {
    if (access.call.signal.aborted) throw error;
    notes.push(`the live database cannot be read: ${error instanceof Error ? error.message : String(error)}`);
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
