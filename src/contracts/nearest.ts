import { distance } from 'fastest-levenshtein';

/**
 * The nearest right spelling, when one is near enough to be meant: at most a third of the letters differ, or two from
 * four letters on, so that swapped ones are found.
 */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  if (text.length === 0 || text.length > 100) return undefined;
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const difference = distance(text.toLowerCase(), candidate.toLowerCase());
    if (difference < least) [best, least] = [candidate, difference];
  }
  const length = Math.max(text.length, best?.length ?? 0);
  const limit = Math.max(length < 4 ? 1 : 2, Math.floor(length / 3));
  return least <= limit ? best : undefined;
}
