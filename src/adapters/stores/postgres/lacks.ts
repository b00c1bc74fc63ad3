import type { RestorePlace } from '../port.js';
import { compareRoles } from './add-roles.js';
import type { DatabaseFacts, Detail } from './detail.js';
import { quoteLiteral } from './quote.js';
import { findRights, type Rights } from './rights.js';
import { listRoles } from './roles.js';
import { usedRoles } from './roles-to-add.js';
import type { Session } from './session.js';
import { notMemberOf, settableFacts } from './settable.js';

/** What stands between a user that is no superuser and the whole restore of a backup. */
export interface Lacks {
  /** What is missing, each with what would do. */
  readonly denied: string[];
  /** What will be left out. */
  readonly notes: string[];
}

export interface Looked {
  readonly detail: Detail;
  readonly place: Pick<RestorePlace, 'mode'>;
  /** The live database, where there is one. */
  readonly live: DatabaseFacts | undefined;
  /** Of the server. */
  readonly major: number;
}

/** Administrators of managed servers, who may create extensions that take a superuser elsewhere. */
const MANAGED = ['azure_pg_admin', 'cloudsqlsuperuser', 'rds_superuser'];

/** Roles, owners, extensions, settings and tablespaces, found out before anything is touched. Changes nothing. */
export async function findLacks(session: Session, looked: Looked): Promise<Lacks> {
  const { detail, live, place, major } = looked;
  const rights = await findRights(session, live?.name ?? '');
  if (rights.superuser) return { denied: [], notes: [] };
  const roles = await roleLacks(session, looked, rights);
  const extensions = await superuserExtensions(session, detail);
  const spaces = await closedTablespaces(session, [
    ...detail.tablespaces,
    ...(place.mode !== 'into' && live ? [live.tablespace] : []),
  ]);
  const replaces = place.mode !== 'into' && live !== undefined;
  const owners = replaces ? [] : await notMemberOf(session, [detail.database.owner], major);
  const { rest } = await settableFacts(session, replaces ? live : detail.database, major);
  return {
    denied: [
      ...roles.denied,
      ...extensions.denied,
      ...spaces.map((name) => `CREATE on tablespace ${name}`),
      ...(replaces && rest.length > 0
        ? [`a superuser, to put onto the new database: ${rest.join(', ')}`]
        : []),
    ],
    notes: [
      ...roles.notes,
      ...extensions.notes,
      ...owners.map((owner) => `the database will belong to ${rights.user}, not to ${owner}`),
      ...(!replaces && rest.length > 0
        ? [`settings of the database that ${rights.user} may not make are left out: ${rest.join(', ')}`]
        : []),
    ],
  };
}

/** Whether owners and grants of the backup can be given as the roles of this server are, adding none. */
export async function mayGiveOwners(session: Session, detail: Detail, major: number): Promise<boolean> {
  const { missing } = compareRoles(detail.roles, await listRoles(session, { passwords: false }));
  const used = usedRoles(detail);
  if (missing.some((role) => used.has(role))) return false;
  const { superuser, user } = await findRights(session, detail.database.name);
  if (superuser) return true;
  const strangers = await notMemberOf(session, detail.roleUse?.owners ?? [], major);
  return [...strangers, ...otherGuests(detail, user), ...(detail.roleUse?.regranted ?? [])].length === 0;
}

const otherGuests = (detail: Detail, user: string): string[] =>
  (detail.roleUse?.guests ?? []).filter((role) => role !== user);

async function roleLacks(
  session: Session,
  { detail, major }: Looked,
  { createRole, user }: Rights,
): Promise<Lacks> {
  const { missing } = compareRoles(detail.roles, await listRoles(session, { passwords: false }));
  const used = usedRoles(detail);
  const wanted = missing.filter((role) => used.has(role));
  const mighty = detail.roles.filter(
    (role) => wanted.includes(role.name) && (role.superuser || role.replication || role.bypassRls),
  );
  const owners = (detail.roleUse?.owners ?? []).filter((role) => !missing.includes(role));
  const strangers = await notMemberOf(session, owners, major);
  const regranted = detail.roleUse?.regranted ?? [];
  const guests = otherGuests(detail, user).filter(
    (role) => !missing.includes(role) && !strangers.includes(role),
  );
  const unused = missing.filter((role) => !used.has(role));
  return {
    denied: [
      ...(createRole || wanted.length === 0 ? [] : [`roles that are not here: ${wanted.join(', ')}`]),
      ...(createRole && mighty.length > 0
        ? [`a superuser, to add ${mighty.map(({ name }) => name).join(', ')} with its rights`]
        : []),
      ...(strangers.length === 0
        ? []
        : [`to be a member of ${strangers.join(', ')}, owner of objects in the backup`]),
      // An owner who is given a table needs CREATE on its schema, and grants come last (manual, ALTER TABLE).
      ...(guests.length === 0
        ? []
        : [`a superuser, for what ${guests.join(', ')} owns in schemas of others`]),
      ...(regranted.length === 0
        ? []
        : [`a superuser, for grants by others than the owner on ${regranted.join(', ')}`]),
    ],
    notes:
      unused.length === 0
        ? []
        : [`roles that are not here and are not needed are not added: ${unused.join(', ')}`],
  };
}

/** Extensions of the backup that only a superuser creates here (manual, CREATE EXTENSION, "trusted"). */
export async function superuserExtensions(session: Session, detail: Detail): Promise<Lacks> {
  const names = detail.extensions.map(({ name }) => name);
  const found = await session.json<{ needs: string[]; managed: boolean }>(`
    SELECT jsonb_build_object(
      'needs', (SELECT coalesce(jsonb_agg(e.name ORDER BY e.name), '[]') FROM pg_available_extensions e
        JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version
        WHERE v.superuser AND NOT v.trusted AND e.name IN (SELECT jsonb_array_elements_text(${quoteLiteral(JSON.stringify(names))}::jsonb))),
      'managed', (SELECT count(*) > 0 FROM pg_roles WHERE rolname IN (${MANAGED.map(quoteLiteral).join(', ')})))`);
  if (found.needs.length === 0) return { denied: [], notes: [] };
  const which = found.needs.join(', ');
  if (found.managed)
    return {
      denied: [],
      notes: [`extensions that take a superuser elsewhere; this server must let you create them: ${which}`],
    };
  return { denied: [`a superuser, to create extension ${which}`], notes: [] };
}

/** Tablespaces of these that are here and that this user may not create in; the default one is open to all owners. */
function closedTablespaces(session: Session, names: readonly string[]): Promise<string[]> {
  return session.json(`
    SELECT coalesce(jsonb_agg(spcname ORDER BY spcname), '[]') FROM pg_tablespace
    WHERE spcname <> 'pg_default' AND NOT has_tablespace_privilege(oid, 'CREATE')
      AND spcname IN (SELECT jsonb_array_elements_text(${quoteLiteral(JSON.stringify(names))}::jsonb))`);
}
