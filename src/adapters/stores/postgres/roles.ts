import type { RoleFacts } from './detail.js';
import type { Session } from './session.js';

/** A role with its password hash, as it goes into the stream `roles`, which is encrypted like the data. */
export interface StoredRole extends RoleFacts {
  readonly password?: string | null;
}

/** Whether this user may read password hashes. */
export function mayReadPasswords(session: Session): Promise<boolean> {
  return session.json(`SELECT to_jsonb(has_table_privilege('pg_authid', 'SELECT'))`);
}

/** All roles but the built-in ones. */
export function listRoles(session: Session, options: { passwords: boolean }): Promise<StoredRole[]> {
  return session.json(`
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'name', r.rolname, 'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createRole', r.rolcreaterole,
      'createDatabase', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication, 'bypassRls', r.rolbypassrls,
      'connectionLimit', r.rolconnlimit, 'validUntil', r.rolvaliduntil::text,
      'config', (SELECT to_jsonb(s.setconfig) FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0),
      'memberOf', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('role', g.rolname, 'admin', m.admin_option)), '[]')
                   FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid),
      'comment', shobj_description(r.oid, 'pg_authid')
      ${options.passwords ? `, 'password', r.rolpassword` : ''}) ORDER BY r.rolname), '[]')
    FROM ${options.passwords ? 'pg_authid' : 'pg_roles'} r WHERE r.rolname !~ '^pg_'`);
}
