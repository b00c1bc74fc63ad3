import type { DatabaseFacts } from './detail.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import type { Session } from './session.js';
import { settingSql } from './settings.js';

/** Puts the settings no dump carries onto a database: ACL, parameters, connection limit, template flag. */
export async function copySettings(session: Session, from: DatabaseFacts, to: string): Promise<void> {
  await session.run('BEGIN');
  for (const sql of settingsSql(from, to, await grantees(session, to))) await session.run(sql);
  await session.run('COMMIT');
}

/** The statements, beginning from a clean slate so that running them again ends the same. */
export function settingsSql(from: DatabaseFacts, to: string, present: readonly Present[]): string[] {
  const database = quoteIdentifier(to);
  const perRole = present.filter((p) => p.kind === 'setting' && p.role !== null);
  return [
    `ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(from.owner)}`,
    `ALTER DATABASE ${database} RESET ALL`,
    ...perRole.map((p) => `ALTER ROLE ${role(p.role)} IN DATABASE ${database} RESET ALL`),
    ...from.settings.flatMap((s) =>
      s.config.map((setting) =>
        s.role === null
          ? `ALTER DATABASE ${database} ${settingSql(setting)}`
          : `ALTER ROLE ${role(s.role)} IN DATABASE ${database} ${settingSql(setting)}`,
      ),
    ),
    `ALTER DATABASE ${database} CONNECTION LIMIT ${from.connectionLimit}`,
    `ALTER DATABASE ${database} IS_TEMPLATE ${from.template}`,
    ...aclSql(from, database, present),
  ];
}

function aclSql(from: DatabaseFacts, database: string, present: readonly Present[]): string[] {
  const granted = present.filter((p) => p.kind === 'grant');
  if (from.acl === null && granted.length === 0) return [];
  const clear = new Set([role(null), role(from.owner), ...granted.map((p) => role(p.role))]);
  // NULL means the built-in default: everything for the owner, CONNECT and TEMPORARY for all.
  const wanted = from.acl ?? [
    { grantor: from.owner, grantee: null, privilege: 'CONNECT', grantable: false },
    { grantor: from.owner, grantee: null, privilege: 'TEMPORARY', grantable: false },
    ...['CREATE', 'CONNECT', 'TEMPORARY'].map((privilege) => ({
      grantor: from.owner,
      grantee: from.owner,
      privilege,
      grantable: false,
    })),
  ];
  const ordered = [...wanted].sort(
    (a, b) => Number(b.grantor === from.owner) - Number(a.grantor === from.owner),
  );
  return [
    ...[...clear].map((grantee) => `REVOKE ALL ON DATABASE ${database} FROM ${grantee} CASCADE`),
    ...ordered.flatMap((a) => {
      const grant = `GRANT ${a.privilege} ON DATABASE ${database} TO ${role(a.grantee)}${a.grantable ? ' WITH GRANT OPTION' : ''}`;
      // A grant is the grantor's own; for a superuser and the owner it is the owner's.
      if (a.grantor === from.owner) return [grant];
      return [`SET LOCAL ROLE ${quoteIdentifier(a.grantor)}`, grant, 'RESET ROLE'];
    }),
  ];
}

interface Present {
  readonly kind: 'grant' | 'setting';
  readonly role: string | null;
}

function grantees(session: Session, database: string): Promise<Present[]> {
  return session.json(`
    SELECT coalesce(jsonb_agg(x), '[]') FROM (
      SELECT 'grant' AS kind, CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END AS role
      FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = ${quoteLiteral(database)}
      UNION SELECT 'setting', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END
      FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = ${quoteLiteral(database)}) x`);
}

const role = (name: string | null): string => (name === null ? 'PUBLIC' : quoteIdentifier(name));
