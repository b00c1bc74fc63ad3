import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace } from '../port.js';

/** NAMEDATALEN - 1. */
const LONGEST = 63;

/** The databases of one restore, found again by their names and comments. */
export interface DatabaseNames {
  readonly live: string;
  /** Loaded into, next to the live one. */
  readonly fresh: string;
  /** What `fresh` is called until it carries its comment: nobody else makes a database of this name. */
  readonly nascent: string;
  readonly old: string;
  readonly undone: string;
}

/** Names are cut so that the suffix, which tells them apart, stays. */
export function databaseNames(live: string, place: RestorePlace): DatabaseNames {
  const day = place.at.slice(0, 10).replaceAll('-', '');
  return {
    live,
    fresh:
      place.mode === 'into'
        ? (place.into ?? suffixed(live, `_${place.token}`))
        : suffixed(live, `_new_${place.token}`),
    nascent: suffixed(live, `_nascent_${place.token}`),
    old: suffixed(live, `_old_${day}_${place.token}`),
    undone: suffixed(live, `_undone_${place.token}`),
  };
}

/**
 * A folder's path is a database's name too, to PostgreSQL alone.
 *
 * @throws `usage.invalid`
 */
export function refuseFolder({ into }: RestorePlace): void {
  if (into === undefined || !/^(~|\.{1,2})?\//.test(into)) return;
  throw new SteadyError('usage.invalid', { into, allowed: 'the name of a new database' });
}

/** The name with the suffix, cut to 63 bytes at a character's border. */
export function suffixed(name: string, suffix: string): string {
  let base = name;
  while (Buffer.byteLength(base + suffix) > LONGEST) base = [...base].slice(0, -1).join('');
  return base + suffix;
}

/** Text cut to 63 bytes, as the server cuts application_name. */
export function cutToName(text: string): string {
  return suffixed(text, '');
}
