import { quoteLiteral } from './quote.js';
import type { Session } from './session.js';

/** What the user may do, as far as a backup, a restore and a cut-over need it. */
export interface Rights {
  readonly user: string;
  readonly superuser: boolean;
  readonly createDatabase: boolean;
  readonly createRole: boolean;
  /** Owner of the live database or a member of its owner; true when there is none. */
  readonly owner: boolean;
  /** May end sessions of others. */
  readonly signal: boolean;
}

export function findRights(session: Session, database: string): Promise<Rights> {
  return session.json(`
    SELECT jsonb_build_object('user', current_user, 'superuser', r.rolsuper, 'createDatabase', r.rolsuper OR r.rolcreatedb, 'createRole', r.rolsuper OR r.rolcreaterole,
      'owner', r.rolsuper OR coalesce((SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = ${quoteLiteral(database)}), true),
      'signal', r.rolsuper OR pg_has_role('pg_signal_backend', 'USAGE'))
    FROM pg_roles r WHERE r.rolname = current_user`);
}

/** Tables and sequences whose rows this user cannot read as a whole: no SELECT, or policies that would hide rows. */
export function unreadableTables(session: Session): Promise<string[]> {
  return session.json(`
    SELECT coalesce(jsonb_agg(format('%I.%I', n.nspname, c.relname) ORDER BY n.nspname, c.relname), '[]')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND (NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))`);
}
