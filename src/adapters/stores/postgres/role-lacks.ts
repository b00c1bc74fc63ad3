import { compareRoles } from './add-roles.js';
import type { Detail } from './detail.js';
import { findRights, type Rights } from './rights.js';
import { listRoles } from './roles.js';
import { usedRoles } from './roles-to-add.js';
import type { Session } from './session.js';
import { notMemberOf } from './settable.js';

interface Looked {
  readonly detail: Detail;
  /** Of the server. */
  readonly major: number;
}

/** What a user that is no superuser lacks to give objects their owners and grants, each with what would do. */
export interface RoleLacks {
  /** Roles this database needs that are not on the server and cannot be added. */
  readonly missing: string[];
  readonly owners: string[];
  readonly notes: string[];
}

export async function roleLacks(
  session: Session,
  { detail, major }: Looked,
  { createRole, user }: Pick<Rights, 'createRole' | 'user'>,
): Promise<RoleLacks> {
  const { missing } = compareRoles(detail.roles, await listRoles(session, { passwords: false }));
  const used = usedRoles(detail);
  const wanted = missing.filter((role) => used.has(role));
  const unused = missing.filter((role) => !used.has(role));
  const mighty = detail.roles.filter(
    (role) => wanted.includes(role.name) && (role.superuser || role.replication || role.bypassRls),
  );
  // Who adds a role is no member of it yet.
  const owners = (detail.roleUse?.owners ?? []).filter((role) => createRole || !missing.includes(role));
  const strangers = await notMemberOf(session, owners, major);
  const guests = otherGuests(detail, user).filter(
    (role) => owners.includes(role) && !strangers.includes(role),
  );
  const list = (roles: readonly string[], words: (names: string) => string): string[] =>
    roles.length === 0 ? [] : [words(roles.join(', '))];
  return {
    missing: createRole
      ? list(
          mighty.map(({ name }) => name),
          (names) => `a superuser, to add ${names} with its rights`,
        )
      : list(wanted, (names) => `roles that are not here: ${names}`),
    owners: [
      ...list(strangers, (names) => `to be a member of ${names}, owner of objects in the backup`),
      // An owner who is given a table needs CREATE on its schema, and grants come last (manual, ALTER TABLE).
      ...list(guests, (names) => `a superuser, for what ${names} owns in schemas of others`),
      ...list(
        detail.roleUse?.regranted ?? [],
        (names) => `a superuser, for grants by others than the owner on ${names}`,
      ),
    ],
    notes: list(unused, (names) => `roles that are not here and are not needed are not added: ${names}`),
  };
}

/** Whether owners and grants of the backup can be given with the roles that are on this server now. */
export async function mayGiveOwners(session: Session, detail: Detail, major: number): Promise<boolean> {
  const { superuser, user } = await findRights(session, detail.database.name);
  const lacks = await roleLacks(session, { detail, major }, { createRole: false, user });
  return lacks.missing.length === 0 && (superuser || lacks.owners.length === 0);
}

const otherGuests = (detail: Detail, user: string): string[] =>
  (detail.roleUse?.guests ?? []).filter((role) => role !== user);
