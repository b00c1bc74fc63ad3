import { SteadyError, type FailureCode } from '../../../contracts/failures.js';
import { tlsCodeOf } from './tls.js';

/** Which failure a SQLSTATE is (manual, Appendix A). */
export function codeOfSqlstate(sqlstate: string): FailureCode {
  if (sqlstate === '55P03') return 'store.locked';
  if (sqlstate === '42501' || sqlstate.startsWith('28')) return 'store.denied';
  if (sqlstate === '3D000') return 'store.missing';
  if (sqlstate === '53100') return 'store.no-room';
  if (sqlstate.startsWith('08') || sqlstate.startsWith('57P') || sqlstate === '53300')
    return 'store.unreachable';
  return 'tool.failed';
}

/** The failure of a statement; `facts.sqlstate` tells callers that have an answer to one of them. */
export function sqlFailure(sqlstate: string, message: string, tool: string): SteadyError {
  return new SteadyError(codeOfSqlstate(sqlstate), { tool, sqlstate, says: message });
}

export function hasSqlstate(error: unknown, ...sqlstates: string[]): boolean {
  return error instanceof SteadyError && sqlstates.includes(String(error.facts['sqlstate']));
}

/**
 * The failure of a session that never came about or broke. libpq gives no SQLSTATE for a refused connection, so
 * `accepting` is what pg_isready answered: a server that accepts connections has refused this one.
 */
export function connectFailure(words: string, accepting: boolean, where: string): SteadyError {
  // Who is refused is told why; who was killed says nothing.
  if (words.trim() === '')
    return new SteadyError('store.unreachable', { store: where, says: 'the client ended without a word' });
  const says = words.split('\n').slice(-3).join(' | ');
  const tls = tlsCodeOf(words);
  if (tls !== undefined) return new SteadyError(tls, { store: where, says });
  // Only poolers refuse libpq's `options`.
  if (words.includes('unsupported startup parameter'))
    return new SteadyError('store.pooler', { store: where, says });
  if (/database ".*" does not exist/.test(words))
    return new SteadyError('store.missing', { store: where, says });
  const busy =
    /too many (clients|connections)|connection slots|starting up|shutting down|terminat|closed the connection/.test(
      words,
    );
  return new SteadyError(accepting && !busy ? 'store.denied' : 'store.unreachable', { store: where, says });
}

/**
 * pg_dump waits for its locks under a statement timeout and then fails with the text of the LOCK statement: that is a
 * locked table. The text is the tool's own and untranslated, since tools run with LC_ALL=C.
 */
export function dumpFailure(error: unknown): unknown {
  if (!(error instanceof SteadyError) || error.code !== 'tool.failed') return error;
  const says = String(error.facts['says'] ?? '');
  if (!/LOCK TABLE|lock timeout/.test(says)) return error;
  return new SteadyError('store.locked', error.facts, { cause: error });
}
