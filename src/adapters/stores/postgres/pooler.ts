import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { Access } from './access.js';
import { MONEY_ALIKE } from './connection.js';
import { connectFailure } from './sql-failure.js';
import { withSession, type Session } from './session.js';

/**
 * Whether a transaction pooler sits in between: there, a session that rests outside a transaction has given its backend
 * away. Two sessions ask in turn; on a direct connection each keeps a backend of its own.
 */
export function throughPooler(access: Access, database: string): Promise<boolean> {
  const backend = (session: Session): Promise<number> => session.json<number>('SELECT pg_backend_pid()');
  return withSession(access.session(database), (one) =>
    withSession(access.session(database), async (two) => {
      const first = [await backend(one), await backend(two), await backend(one), await backend(two)];
      return first[0] !== first[2] || first[1] !== first[3] || first[0] === first[1];
    }),
  );
}

/** Fails with `store.pooler`: locks, snapshots and settings of a session would be another's. */
export async function refusePooler(access: Access, database: string): Promise<void> {
  if (await throughPooler(access, database)) {
    throw new SteadyError('store.pooler', { store: access.options.name, port: access.options.config.port });
  }
}

/**
 * Fails with `store.pooler` where settings cannot be given at the start of a session, as tools that write rows need them:
 * pgbouncer refuses libpq's `options` also in session mode.
 */
export async function refuseWithoutOptions(access: Access, database: string): Promise<void> {
  const { code, words } = await askWithOptions(access, database);
  if (code !== 0) throw connectFailure(words, true, access.options.name);
}

/** Whether settings can be given at the start of a session. */
export async function takesOptions(access: Access, database: string): Promise<boolean> {
  return (await askWithOptions(access, database)).code === 0;
}

async function askWithOptions(access: Access, database: string): Promise<{ code: number; words: string }> {
  const env = { PGOPTIONS: MONEY_ALIKE };
  const psql = access.tool('psql', ['-X', '-At', '-c', 'SELECT 1'], { database, env });
  const { code, stderr } = await runTool(psql, { okCodes: [0, 2], signal: access.call.signal });
  return { code, words: stderr };
}
