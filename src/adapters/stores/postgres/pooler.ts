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

/** Fails with `store.pooler` where {@link optionsRefused}. */
export async function refuseWithoutOptions(access: Access, database: string): Promise<void> {
  const refused = await optionsRefused(access, database);
  if (refused) throw refused;
}

/**
 * The failure, `store.pooler`, where settings cannot be given at the start of a session, as tools that write rows need
 * them: pgbouncer refuses libpq's `options` also in session mode, or accepts and drops them where its
 * `ignore_startup_parameters` names them. Fails where there is no connection at all.
 */
export async function optionsRefused(access: Access, database: string): Promise<SteadyError | undefined> {
  const env = { PGOPTIONS: MONEY_ALIKE };
  const psql = access.tool('psql', ['-X', '-At', '-c', 'SHOW lc_monetary'], { database, env });
  const { code, stdout, stderr } = await runTool(psql, { okCodes: [0, 2], signal: access.call.signal });
  const store = access.options.name;
  if (code === 0) {
    const shown = stdout.trim();
    if (shown === 'C') return undefined;
    const says = `settings given at the start of a session are dropped: lc_monetary=C was given and is ${shown}`;
    return new SteadyError('store.pooler', { store, says });
  }
  const failure = connectFailure(stderr, false, store);
  if (failure.code === 'store.pooler') return failure;
  throw failure;
}
