import type { DatabaseFacts, Detail } from './detail.js';
import { plainComment } from './ownership.js';
import { quoteLiteral } from './quote.js';
import type { Session } from './session.js';

/**
 * A database as pg_database has it, or undefined when there is none of that name. The row is read through to_jsonb, so
 * columns that a major does not have are null: provider since 15, ICU rules since 16, datlocale since 17.
 */
export async function databaseFacts(session: Session, database: string): Promise<DatabaseFacts | undefined> {
  const found = await session.json<DatabaseFacts | undefined>(`
    SELECT jsonb_build_object(
      'name', d.datname, 'owner', pg_get_userbyid(d.datdba), 'encoding', pg_encoding_to_char(d.encoding),
      'collate', d.datcollate, 'ctype', d.datctype,
      'provider', coalesce(r.row ->> 'datlocprovider', 'c'),
      'locale', coalesce(r.row ->> 'datlocale', r.row ->> 'daticulocale'),
      'icuRules', r.row ->> 'daticurules',
      'tablespace', t.spcname, 'template', d.datistemplate, 'connectionLimit', d.datconnlimit,
      'comment', shobj_description(d.oid, 'pg_database'),
      'acl', (SELECT jsonb_agg(jsonb_build_object(
          'grantor', pg_get_userbyid(a.grantor), 'grantee', CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,
          'privilege', a.privilege_type, 'grantable', a.is_grantable)) FROM aclexplode(d.datacl) a),
      'settings', (SELECT coalesce(jsonb_agg(jsonb_build_object(
          'role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END, 'config', to_jsonb(s.setconfig)) ORDER BY s.setrole), '[]')
          FROM pg_db_role_setting s WHERE s.setdatabase = d.oid),
      'bytes', CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) ELSE 0 END)
    FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace, LATERAL (SELECT to_jsonb(d) AS row) r
    WHERE d.datname = ${quoteLiteral(database)}`);
  return found && { ...found, comment: plainComment(found.comment) };
}

/** What the database needs of the server it is on. */
export type Needs = Pick<Detail, 'extensions' | 'preload' | 'tablespaces'>;

export function serverNeeds(session: Session): Promise<Needs> {
  return session.json(`SELECT jsonb_build_object(
    'extensions', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', extname, 'version', extversion) ORDER BY extname), '[]') FROM pg_extension),
    'preload', (SELECT coalesce(to_jsonb(string_to_array(replace(setting, ' ', ''), ',')), '[]') FROM
      (SELECT max(setting) AS setting FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting <> '') s),
    'tablespaces', (SELECT coalesce(jsonb_agg(DISTINCT t.spcname ORDER BY t.spcname), '[]')
      FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE t.spcname NOT LIKE 'pg\_%'))`);
}

/** Subscriptions of this database: bound to a slot of another server. */
export function subscriptionNames(session: Session): Promise<string[]> {
  return session.json(`SELECT coalesce(jsonb_agg(subname ORDER BY subname), '[]') FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`);
}

/** Tablespaces of a backup that this server does not have. */
export async function missingTablespaces(session: Session, detail: Detail): Promise<string[]> {
  if (detail.tablespaces.length === 0) return [];
  const there = await session.json<string[]>('SELECT jsonb_agg(spcname) FROM pg_tablespace');
  return detail.tablespaces.filter((name) => !there.includes(name));
}
