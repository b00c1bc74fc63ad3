import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import type { Ask } from './cli.js';
import { keyspaceOf, type Keyspace } from './info.js';
import type { Throwaway } from './throwaway.js';

export const DIGEST = 'keys without expiry';

/** Keys a server holds, by database: those without expiry exactly, those that may vanish as an upper bound. */
export function keyCounts(keyspace: ReadonlyMap<string, Keyspace>): Pick<ContentFacts, 'counts' | 'atMost'> {
  const counts: Record<string, number> = {};
  const atMost: Record<string, number> = {};
  for (const [name, { keys, expires, subexpiry }] of keyspace) {
    if (subexpiry > 0) {
      // A hash whose fields all expire vanishes without an expiry of its own: only the sum has a bound.
      atMost[`${name} keys, some with fields that expire`] = keys;
      continue;
    }
    if (keys - expires > 0) counts[name] = keys - expires;
    if (expires > 0) atMost[`${name} with expiry`] = expires;
  }
  return { counts, atMost };
}

/** Names of function libraries (Redis 7 and newer). */
export async function functionLibraries(ask: Ask, major: number): Promise<string[]> {
  if (major < 7) return [];
  const libraries = JSON.parse(await ask(['--json', 'FUNCTION', 'LIST'])) as { library_name: string }[];
  return libraries.map((library) => library.library_name).sort();
}

/**
 * Keys with an expiry are left out of the digest: they may vanish at any moment, and DEBUG DIGEST covers all that is
 * there. SCAN inside a script sees one state, and keys present throughout are returned even while others go.
 */
const DROP_EXPIRING = `local cursor = '0'
repeat
  local reply = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = reply[1]
  for _, key in ipairs(reply[2]) do
    if redis.call('PTTL', key) ~= -1 then redis.call('DEL', key) end
  end
until cursor == '0'
return 1`;

/**
 * Facts of what a throwaway server has loaded. The digest is Redis' own DEBUG DIGEST (an order-free XOR of SHA-1 over
 * every key, type and value, the same whatever the encoding), taken after the keys with an expiry were dropped.
 */
export async function loadedFacts(throwaway: Throwaway, signal: AbortSignal): Promise<ContentFacts> {
  const { ask, version } = throwaway;
  const keyspace = keyspaceOf(await ask(['INFO', 'keyspace'], { signal }));
  const libraries = await functionLibraries(ask, version.major);
  const digests: Record<string, string> = {};
  const fieldsExpire = [...keyspace.values()].some((each) => each.subexpiry > 0);
  if (!fieldsExpire) {
    for (const [name, { expires }] of keyspace) {
      if (expires === 0) continue;
      await ask(['EVAL', DROP_EXPIRING, '0'], { db: Number(name.slice(2)), signal, limitSeconds: 3600 });
    }
    digests[DIGEST] = await ask(['DEBUG', 'DIGEST'], { signal, limitSeconds: 3600 });
  }
  return { ...keyCounts(keyspace), digests, names: libraries.length > 0 ? { functions: libraries } : {} };
}
