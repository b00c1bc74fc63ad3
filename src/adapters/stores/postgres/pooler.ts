import { SteadyError } from '../../../contracts/failures.js';
import type { Access } from './access.js';
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
