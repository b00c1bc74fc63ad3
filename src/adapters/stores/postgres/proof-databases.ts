import { suffixed } from './database-names.js';
import { databaseState } from './ownership.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import type { Session } from './session.js';

const keyOf = (name: string): string => `hashtextextended(${quoteLiteral(`steadyhand ${name}`)}, 0)`;

/**
 * Holds a proof's database by an advisory lock for as long as this session lives, so that other proofs know it from one
 * that a killed run left. A session of an earlier attempt of the same run is ended first.
 */
export async function holdProof(session: Session, name: string): Promise<void> {
  // Not by the marker, as which the load would end it with what an earlier attempt left.
  await session.run(`SET application_name TO ${quoteIdentifier(suffixed('steadyhand holds ', name))}`);
  await session.run(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND ((classid::int8 << 32) | objid::int8) = ${keyOf(name)}
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()`,
  );
  await session.run(`SELECT pg_advisory_lock(${keyOf(name)})`);
}

/**
 * Drops databases of proofs of this live one that nobody holds any more, and our own of an earlier attempt. They are
 * known by name and comment. Gives their names.
 *
 * @param own token of the proof that begins
 */
export async function sweepProofs(session: Session, live: string, own: string): Promise<string[]> {
  const found = await session.json<string[]>(
    `SELECT coalesce(jsonb_agg(datname ORDER BY datname), '[]') FROM pg_database
     WHERE datname ~ '_proof_[0-9a-f]{8}$' AND pg_has_role(datdba, 'USAGE')`,
  );
  const dropped: string[] = [];
  for (const name of found) {
    const token = /proof_[0-9a-f]{8}$/.exec(name)?.[0] ?? '';
    if (!(await isProof(session, live, name, token))) continue;
    const key = keyOf(suffixed(live, `_${token}`));
    const ours = token === own;
    if (!ours && !(await session.json<boolean>(`SELECT to_jsonb(pg_try_advisory_lock(${key}))`))) continue;
    await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
    if (!ours) await session.run(`SELECT pg_advisory_unlock(${key})`);
    dropped.push(name);
  }
  return dropped;
}

/** The second name is that of a database that has not got its comment yet: nobody else makes one of that name. */
async function isProof(session: Session, live: string, name: string, token: string): Promise<boolean> {
  if (name === suffixed(live, `_nascent_${token}`)) return true;
  return (
    name === suffixed(live, `_${token}`) && (await databaseState(session, name, token)).own !== undefined
  );
}
