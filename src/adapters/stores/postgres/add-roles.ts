import type { RoleFacts } from './detail.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { listRoles, type StoredRole } from './roles.js';
import type { Session } from './session.js';
import { settingSql } from './settings.js';

const ATTRIBUTES = [
  ['superuser', 'SUPERUSER'],
  ['inherit', 'INHERIT'],
  ['createRole', 'CREATEROLE'],
  ['createDatabase', 'CREATEDB'],
  ['login', 'LOGIN'],
  ['replication', 'REPLICATION'],
  ['bypassRls', 'BYPASSRLS'],
] as const satisfies readonly (readonly [keyof RoleFacts, string])[];

export interface RoleDifferences {
  readonly missing: string[];
  /** A sentence for each role that is there and differs; it is left as it is. */
  readonly differing: string[];
}

/** Compares the roles of a backup with the server's. Roles that are only on the server are no difference. */
export function compareRoles(backup: readonly RoleFacts[], server: readonly RoleFacts[]): RoleDifferences {
  const there = new Map(server.map((role) => [role.name, role]));
  const differing = backup.flatMap((role) => {
    const live = there.get(role.name);
    if (live === undefined) return [];
    const attributes = ATTRIBUTES.filter(([field]) => role[field] !== live[field]).map(([field, word]) =>
      role[field] ? word : `NO${word}`,
    );
    const lacking = role.memberOf
      .filter((m) => !live.memberOf.some((l) => l.role === m.role))
      .map((m) => `member of ${m.role}`);
    const all = [...attributes, ...lacking];
    return all.length === 0
      ? []
      : [`role ${role.name} differs from the backup and is left as it is; the backup has ${all.join(', ')}`];
  });
  return { missing: backup.filter((role) => !there.has(role.name)).map((role) => role.name), differing };
}

/** Statements that add roles the server does not have; none changes a role that is there. */
export function addRolesSql(backup: readonly StoredRole[], server: readonly RoleFacts[]): string[] {
  const there = new Set(server.map((role) => role.name));
  const missing = backup.filter((role) => !there.has(role.name));
  const create = missing.map((role) => {
    const attributes = ATTRIBUTES.map(([field, word]) => (role[field] ? word : `NO${word}`));
    const limit = `CONNECTION LIMIT ${role.connectionLimit}`;
    const password = role.password ? [`PASSWORD ${quoteLiteral(role.password)}`] : [];
    const until = role.validUntil === null ? [] : [`VALID UNTIL ${quoteLiteral(role.validUntil)}`];
    return `CREATE ROLE ${quoteIdentifier(role.name)} WITH ${[...attributes, limit, ...password, ...until].join(' ')}`;
  });
  const rest = missing.flatMap((role) => [
    ...role.memberOf.map(
      (m) =>
        `GRANT ${quoteIdentifier(m.role)} TO ${quoteIdentifier(role.name)}${m.admin ? ' WITH ADMIN OPTION' : ''}`,
    ),
    ...(role.config ?? []).map(
      (setting) => `ALTER ROLE ${quoteIdentifier(role.name)} ${settingSql(setting)}`,
    ),
    ...(role.comment === null
      ? []
      : [`COMMENT ON ROLE ${quoteIdentifier(role.name)} IS ${quoteLiteral(role.comment)}`]),
  ]);
  return [...create, ...rest];
}

/** Adds what is missing, all or nothing; gives the names. Running again finds nothing missing. */
export async function addRoles(session: Session, backup: readonly StoredRole[]): Promise<string[]> {
  const server = await listRoles(session, { passwords: false });
  const { missing } = compareRoles(backup, server);
  if (missing.length === 0) return [];
  await session.run('BEGIN');
  for (const sql of addRolesSql(backup, server)) await session.run(sql);
  await session.run('COMMIT');
  return missing;
}
