import { SteadyError } from './failures.js';
import { nearest } from './nearest.js';

/** One of the words allowed; `usage.invalid` names them all, and the nearest. */
export function oneOfWords<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === given);
  if (found !== undefined) return found;
  throw new SteadyError('usage.invalid', {
    [what]: given,
    allowed: allowed.join(',') || 'none: there are none',
    nearest: nearest(given, allowed),
  });
}

/** The names given, each once, or all when none is given. Throws `usage.invalid` for one that is not there. */
export function chosen(
  given: readonly string[],
  all: readonly string[],
  what: 'store' | 'service' | 'target' = 'store',
): readonly string[] {
  if (given.length === 0) return all;
  return [...new Set(given.map((one) => oneOfWords(what, one, all)))];
}

/** Services that are named, each once and each one there is: none is changed twice in one run. */
export function eachOnce(services: readonly string[], names: readonly string[]): readonly string[] {
  for (const [at, one] of services.entries()) {
    oneOfWords('service', one, names);
    if (services.indexOf(one) !== at)
      throw new SteadyError('usage.invalid', { service: one, error: 'named twice' });
  }
  return services;
}
