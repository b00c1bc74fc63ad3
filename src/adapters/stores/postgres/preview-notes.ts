import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace } from '../port.js';
import type { Access } from './access.js';
import { compareRoles } from './add-roles.js';
import { unendableRoles } from './close-database.js';
import { databaseFacts, missingTablespaces } from './database-facts.js';
import type { DatabaseNames } from './database-names.js';
import type { Detail } from './detail.js';
import { freeBytes, SPARE } from './free-space.js';
import { findRights } from './rights.js';
import { listRoles } from './roles.js';
import { rolesToAdd } from './roles-to-add.js';
import type { Session } from './session.js';

/** What a person should know before a restore. Fails with `store.no-room`. */
export async function previewNotes(
  access: Access,
  session: Session,
  { detail, names, place }: { detail: Detail; names: DatabaseNames; place: RestorePlace },
): Promise<string[]> {
  return [
    ...(await roomNotes(access, session, detail, names, place)),
    ...(await roleNotes(session, detail)),
    ...(await tablespaceNotes(session, detail)),
  ];
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

/** Who is connected now and could not be sent away at the cut-over. */
export async function sessionNotes(
  session: Session,
  names: DatabaseNames,
  place: RestorePlace,
): Promise<string[]> {
  if (place.mode === 'into') return [];
  const roles = await unendableRoles(session, names.live);
  if (roles.length === 0) return [];
  return [
    `sessions of ${roles.join(', ')} on ${names.live} cannot be ended by this user: they must be gone at the cut-over`,
  ];
}

async function roleNotes(session: Session, detail: Detail): Promise<string[]> {
  const server = await listRoles(session, { passwords: false });
  const rights = await findRights(session, detail.database.name);
  const { missing } = compareRoles(rolesToAdd(detail.roles, detail, rights), server);
  const { differing } = compareRoles(detail.roles, server);
  return [...(missing.length > 0 ? [`roles that will be added: ${missing.join(', ')}`] : []), ...differing];
}

async function tablespaceNotes(session: Session, detail: Detail): Promise<string[]> {
  const missing = await missingTablespaces(session, detail);
  if (missing.length === 0) return [];
  return [`tablespaces that are not here, what was in them goes to the default one: ${missing.join(', ')}`];
}
