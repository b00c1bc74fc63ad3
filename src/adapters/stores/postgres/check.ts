import { SteadyError } from '../../../contracts/failures.js';
import type { CheckLine, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { certificateLine } from '../tls/certificates.js';
import { findBlockers } from './blockers.js';
import { exposureLines } from './exposure.js';
import { throughPooler } from './pooler.js';
import { networkLines } from './listening.js';
import { findRights, unreadableTables } from './rights.js';
import { mayReadPasswords } from './roles.js';
import { withSession } from './session.js';
import { tlsServer } from './tls.js';

const ok = (what: string, message: string): CheckLine => ({ what, status: 'ok', message });
const warning = (what: string, message: string, hint: string): CheckLine => ({
  what,
  status: 'warning',
  message,
  hint,
});
const error = (what: string, message: string, hint: string): CheckLine => ({
  what,
  status: 'error',
  message,
  hint,
});

/** Reach, versions, tools, pooler and privileges, a line each; nothing is changed and nothing thrown but a cancel. */
export async function check(options: StoreOptions, call: StoreCall): Promise<CheckLine[]> {
  const { config } = options;
  const lines: CheckLine[] = [];
  const step = async (what: string, look: () => Promise<CheckLine[]>): Promise<boolean> => {
    try {
      lines.push(...(await look()));
      return true;
    } catch (failure) {
      if (call.signal.aborted || !(failure instanceof SteadyError)) throw failure;
      lines.push(error(what, failure.message, failure.hint));
      return false;
    }
  };
  let access: Access | undefined;
  const reached = await step('reach', async () => {
    access = await openAccess(options, call, config.database);
    return [
      ok('reach', `PostgreSQL ${access.server.version}, database ${config.database}`),
      toolsLine(access),
    ];
  });
  if (!reached || access === undefined) return lines;
  const there = access;
  await step('connection', async () => [await poolerLine(there)]);
  const server = tlsServer(config);
  if (server) await step('tls', async () => [await certificateLine(server, call.signal)]);
  await step('password', () => exposureLines(there));
  await step('network', () => networkLines(there));
  await step('backup', () => backupLines(there));
  if (options.reading === true) {
    await step('reader', () => readerLines(there));
    return lines;
  }
  await step('restore', () => restoreLines(there));
  if (config.proof === 'live-server') await step('proof', () => proofLines(there));
  return lines;
}

function toolsLine({ tools, server }: Access): CheckLine {
  const text = `client tools ${tools.version}${tools.bin === undefined ? '' : ` in ${tools.bin}`}`;
  // pg_restore 17 and newer set transaction_timeout, which servers before 17 do not know: ours works around it, but a
  // person with stock tools sees an error.
  if (tools.major < 17 || server.major >= 17) return ok('tools', text);
  return warning(
    'tools',
    `${text} are newer than the server`,
    `Install client tools of version ${server.major}: theirs restore into this server.`,
  );
}

async function poolerLine(access: Access): Promise<CheckLine> {
  if (!(await throughPooler(access, access.options.config.database)))
    return ok('connection', 'direct, each session keeps its backend');
  return error('connection', 'goes through a transaction pooler', 'Give the address of the server itself.');
}

function backupLines(access: Access): Promise<CheckLine[]> {
  const { database, user } = access.options.config;
  return withSession(access.session(database), async (session) => {
    const unreadable = await unreadableTables(session);
    const grant = `GRANT pg_read_all_data TO ${user}, and ALTER ROLE ${user} BYPASSRLS where tables have policies.`;
    const shown =
      unreadable.slice(0, 5).join(', ') + (unreadable.length > 5 ? ` and ${unreadable.length - 5} more` : '');
    return [
      unreadable.length === 0
        ? ok('backup', 'all tables can be read')
        : error('backup', `${user} cannot read all of ${shown}`, grant),
      (await mayReadPasswords(session))
        ? ok('roles', 'roles with their password hashes are in the backup')
        : warning(
            'roles',
            `${user} may not read password hashes: roles are backed up without`,
            'A superuser may; on managed servers nobody does.',
          ),
    ];
  });
}

/** That the account of the backups can change nothing: seen in the catalogue, not tried. */
function readerLines(access: Access): Promise<CheckLine[]> {
  const { database, user } = access.options.config;
  return withSession(access.session(database), async (session) => {
    const more = await session.json<string[]>(
      `SELECT jsonb_build_array() ||
        CASE WHEN rolsuper THEN '["is a superuser"]'::jsonb ELSE '[]' END ||
        CASE WHEN rolcreaterole THEN '["may create roles"]'::jsonb ELSE '[]' END ||
        CASE WHEN rolcreatedb THEN '["may create databases"]'::jsonb ELSE '[]' END ||
        CASE WHEN EXISTS (SELECT FROM pg_class c WHERE relkind IN ('r', 'p') AND oid >= 16384
          AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) THEN '["may change tables"]'::jsonb ELSE '[]' END
      FROM pg_roles WHERE rolname = current_user`,
    );
    if (more.length === 0) return [ok('reader', `${user} can change nothing`)];
    const hint = 'Take it away: docs/permissions.md says what a reader needs.';
    return [warning('reader', `${user} can do more than a backup needs: ${more.join(', ')}`, hint)];
  });
}

function restoreLines(access: Access): Promise<CheckLine[]> {
  const { database, maintenanceDatabase } = access.options.config;
  return withSession(access.session(maintenanceDatabase), async (session) => {
    const rights = await findRights(session, database);
    const needs =
      'A restore beside and cut-over needs a superuser, or the owner of the database with CREATEDB; --into needs CREATEDB.';
    const blockers = await findBlockers(session, database);
    return [
      rights.createDatabase && rights.owner
        ? ok('restore', `${rights.user} may restore beside and cut over`)
        : warning(
            'restore',
            `${rights.user} may not ${rights.createDatabase ? 'rename the database' : 'create databases'}`,
            needs,
          ),
      ...(rights.signal
        ? []
        : [
            warning(
              'restore',
              `${rights.user} may not end sessions of other users`,
              `GRANT pg_signal_backend TO ${rights.user}.`,
            ),
          ]),
      ...(blockers.length === 0
        ? []
        : [
            warning(
              'cut-over',
              `would be blocked by ${blockers.join('; ')}`,
              'Remove them before a restore with cut-over.',
            ),
          ]),
    ];
  });
}

function proofLines(access: Access): Promise<CheckLine[]> {
  const { database, maintenanceDatabase } = access.options.config;
  return withSession(access.session(maintenanceDatabase), async (session) => {
    const { user, createDatabase } = await findRights(session, database);
    return [
      createDatabase
        ? warning(
            'proof',
            `proofs restored load a copy of ${database} on the live server: its processors, disk and room bear them`,
            'Leave proof out where this machine, or the image of the service, has PostgreSQL of the same major.',
          )
        : error(
            'proof',
            `${user} may not create databases, as a proof on the live server must`,
            `ALTER ROLE ${user} CREATEDB.`,
          ),
    ];
  });
}
