import type { Detail } from './detail.js';
import type { Rights } from './rights.js';

/**
 * Roles of the backup that a restore adds where they are missing: all of them, as a disaster wants it, by a superuser;
 * those that this database needs by a user with CREATEROLE; none by others.
 */
export function rolesToAdd<Role extends { readonly name: string }>(
  roles: readonly Role[],
  detail: Detail,
  { superuser, createRole }: Pick<Rights, 'superuser' | 'createRole'>,
): Role[] {
  if (superuser) return [...roles];
  const used = usedRoles(detail);
  return createRole ? roles.filter(({ name }) => used.has(name)) : [];
}

/** Roles of the backup without which this database does not load; all of them where it does not tell. */
export function usedRoles({ roleUse, roles, database }: Detail): Set<string> {
  if (roleUse === undefined) return new Set(roles.map(({ name }) => name));
  const granted = (database.acl ?? []).flatMap(({ grantor, grantee }) => [grantor, grantee ?? grantor]);
  const set = database.settings.flatMap(({ role }) => role ?? []);
  return new Set([...roleUse.owners, ...roleUse.others, ...granted, ...set]);
}
