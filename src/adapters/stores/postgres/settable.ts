import type { DatabaseFacts } from './detail.js';
import { quoteLiteral } from './quote.js';
import type { Session } from './session.js';

/** A parameter of a database, as `name=value`, for all or for one role. */
interface Setting {
  readonly role: string | null;
  readonly setting: string;
}

/**
 * The facts with only what this user may put onto a database of its own, and the rest in words: parameters and roles
 * that take a superuser, and grants by roles it is no member of.
 */
export async function settableFacts(
  session: Session,
  facts: DatabaseFacts,
  major: number,
): Promise<{ readonly facts: DatabaseFacts; readonly rest: string[] }> {
  const all: Setting[] = facts.settings.flatMap(({ role, config }) =>
    config.map((setting) => ({ role, setting })),
  );
  const grantors = [...new Set((facts.acl ?? []).map(({ grantor }) => grantor))].filter(
    (grantor) => grantor !== facts.owner,
  );
  const refused = new Set(await refusedSettings(session, all, major));
  const strangers = new Set(await notMemberOf(session, grantors, major));
  return {
    facts: {
      ...facts,
      settings: facts.settings.map(({ role, config }) => ({
        role,
        config: config.filter((setting) => !refused.has(keyOf({ role, setting }))),
      })),
      acl: facts.acl?.filter(({ grantor }) => !strangers.has(grantor)) ?? null,
    },
    rest: [
      ...all.filter((one) => refused.has(keyOf(one))).map(words),
      ...[...strangers].map((grantor) => `grants by ${grantor}`),
    ],
  };
}

/** Which of these roles this user may not act as; a role that is not there counts. */
export function notMemberOf(session: Session, roles: readonly string[], major: number): Promise<string[]> {
  // From 16 on a membership may come without the right to act as the role.
  const act = major >= 16 ? 'SET' : 'MEMBER';
  return session.json(`
    SELECT coalesce(jsonb_agg(w.role ORDER BY w.role), '[]') FROM jsonb_array_elements_text(${json(roles)}) w (role)
    WHERE NOT coalesce((SELECT pg_has_role(r.oid, '${act}') FROM pg_roles r WHERE r.rolname = w.role), false)`);
}

/**
 * As ALTER DATABASE and ALTER ROLE decide: ordinary parameters are anybody's, all others and those no library has told
 * the server about take a superuser or GRANT SET ON PARAMETER (15 and later); another role's take CREATEROLE, and from
 * 16 on ADMIN of that role.
 */
function refusedSettings(session: Session, settings: readonly Setting[], major: number): Promise<string[]> {
  const asked = settings.map((one) => ({
    key: keyOf(one),
    role: one.role,
    name: one.setting.split('=', 1)[0],
  }));
  const granted = major >= 15 ? `has_parameter_privilege(w.name, 'SET')` : 'false';
  const admin = major >= 16 ? `AND pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')` : '';
  return session.json(`
    SELECT coalesce(jsonb_agg(w.key), '[]')
    FROM jsonb_to_recordset(${json(asked)}) w (key text, role text, name text), pg_roles me
    WHERE me.rolname = current_user AND NOT me.rolsuper AND NOT (
      (EXISTS (SELECT FROM pg_settings s WHERE lower(s.name) = lower(w.name) AND s.context = 'user') OR ${granted})
      AND (w.role IS NULL OR w.role = current_user OR (me.rolcreaterole AND EXISTS (
        SELECT FROM pg_roles r WHERE r.rolname = w.role AND NOT r.rolsuper ${admin}))))`);
}

const keyOf = ({ role, setting }: Setting): string => JSON.stringify([role, setting]);

const words = ({ role, setting }: Setting): string => {
  const name = setting.split('=', 1)[0] ?? '';
  return role === null ? `parameter ${name}` : `parameter ${name} of role ${role}`;
};

const json = (value: unknown): string => `${quoteLiteral(JSON.stringify(value))}::jsonb`;
