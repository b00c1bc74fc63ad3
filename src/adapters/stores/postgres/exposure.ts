import type { CheckLine } from '../port.js';
import type { Access } from './access.js';
import { withSession, type Session } from './session.js';

/** Whether people are let in who show nothing: by the server's own rules where it tells them, else by this session. */
export function exposureLines(access: Access): Promise<CheckLine[]> {
  return withSession(access.session(access.options.config.database), async (session) => {
    const rules = await trustRules(session);
    const trusted = rules === undefined && (await letInUnasked(access, session));
    const who = trusted ? 'this user' : rules?.join('; ');
    if (who === undefined || who === '') return [];
    return [
      {
        what: 'password',
        status: 'warning',
        message: `the server lets in without a password: ${who}`,
        hint: 'Give its users passwords, and write scram-sha-256 instead of trust in pg_hba.conf.',
      },
    ];
  });
}

/**
 * Rules of pg_hba.conf that trust who comes by a network; undefined where this user may not read them. A socket, and
 * loopback, as images have it for health checks, is the machine's or the container's own.
 */
async function trustRules(session: Session): Promise<string[] | undefined> {
  const may = await session.json<boolean>(
    `SELECT to_jsonb(has_table_privilege('pg_hba_file_rules', 'SELECT')
       AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE'))`,
  );
  if (!may) return undefined;
  return await session.json<string[]>(
    `SELECT coalesce(jsonb_agg(format('%s of %s from %s', array_to_string(user_name, ','), array_to_string(database, ','), address)
       ORDER BY line_number), '[]')
     FROM pg_hba_file_rules WHERE auth_method = 'trust' AND type <> 'local'
       AND address NOT IN ('127.0.0.1', '::1', 'localhost', 'samehost') AND address NOT LIKE '127.%'`,
  );
}

/** By TCP and without a certificate of ours: since PostgreSQL 16 system_user is null for who was trusted. */
async function letInUnasked({ options, server }: Access, session: Session): Promise<boolean> {
  const { service, host, tls } = options.config;
  if (service !== undefined || host?.startsWith('/') === true || tls?.cert !== undefined) return false;
  if (server.major < 16) return options.password === undefined;
  return await session.json<boolean>('SELECT to_jsonb(system_user IS NULL)');
}
