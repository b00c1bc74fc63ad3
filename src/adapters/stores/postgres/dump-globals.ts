import type { StoredStream } from '../../../contracts/stored/document.js';
import type { BackupWriter } from '../port.js';
import type { Access } from './access.js';
import type { RoleFacts } from './detail.js';
import { listRoles, mayReadPasswords } from './roles.js';
import type { Session } from './session.js';

export interface Globals {
  readonly streams: StoredStream[];
  readonly roles: RoleFacts[];
  readonly notes: string[];
}

/**
 * What belongs to the server and not to the database: `globals` is pg_dumpall's SQL for a person with psql, `roles` the
 * same roles as JSON for our own restore, which adds what is missing. Both may hold password hashes, so they are streams
 * of the backup; the manifest gets the roles without.
 */
export async function dumpGlobals(access: Access, session: Session, writer: BackupWriter): Promise<Globals> {
  const { config } = access.options;
  const passwords = await mayReadPasswords(session);
  const stored = await listRoles(session, { passwords });
  const without = passwords ? [] : ['--no-role-passwords'];
  const args = ['--globals-only', '--no-password', ...without, '-l', config.maintenanceDatabase];
  const globals = await writer.stream(
    'globals',
    access.tool('pg_dumpall', args, { database: config.maintenanceDatabase }),
  );
  const roles = await writer.content('roles', oneChunk(`${JSON.stringify(stored)}\n`));
  return {
    streams: [globals, roles],
    roles: stored.map(({ password: _, ...role }) => role),
    notes: passwords
      ? []
      : [`passwords of roles are not in this backup: user ${config.user} may not read them`],
  };
}

async function* oneChunk(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
