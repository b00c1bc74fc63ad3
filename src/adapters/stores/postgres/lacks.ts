import type { RestorePlace } from '../port.js';
import type { DatabaseFacts, Detail } from './detail.js';
import { quoteLiteral } from './quote.js';
import { findRights } from './rights.js';
import { roleLacks } from './role-lacks.js';
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
  const roles = await roleLacks(session, { detail, major }, rights);
  const elsewhere = place.mode === 'into';
  const extensions = await superuserExtensions(session, detail);
  const spaces = await closedTablespaces(session, [
    ...detail.tablespaces,
    ...(!elsewhere && live ? [live.tablespace] : []),
  ]);
  const replaces = !elsewhere && live !== undefined;
  const owners = replaces ? [] : await notMemberOf(session, [detail.database.owner], major);
  const { rest } = await settableFacts(session, replaces ? live : detail.database, major);
  return {
    denied: [
      ...(elsewhere ? [] : [...roles.missing, ...roles.owners]),
      ...(detail.roleUse?.superuserOnly ?? []).map((what) => `a superuser, for ${what}`),
      ...extensions.denied,
      ...spaces.map((name) => `CREATE on tablespace ${name}`),
      ...(replaces && rest.length > 0
        ? [`a superuser, to put onto the new database: ${rest.join(', ')}`]
        : []),
    ],
    notes: [
      ...roles.notes,
      ...(elsewhere ? leftOut([...roles.missing, ...roles.owners]) : []),
      ...extensions.notes,
      ...owners.map((owner) => `the database will belong to ${rights.user}, not to ${owner}`),
      ...(!replaces && rest.length > 0
        ? [`settings of the database that ${rights.user} may not make are left out: ${rest.join(', ')}`]
        : []),
    ],
  };
}

const leftOut = (lacking: readonly string[]): string[] =>
  lacking.length === 0
    ? []
    : [`owners and grants are left out, all will belong to this user; they need: ${lacking.join('; ')}`];

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
