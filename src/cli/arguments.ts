import { nearest } from '../contracts/nearest.js';
import { oneOfWords } from '../contracts/chosen.js';
import { resolveMoment } from '../config/moment.js';
import { SteadyError } from '../contracts/failures.js';
import { isTimeId } from '../contracts/ids.js';
import { DEPTHS, type Depth } from '../contracts/names.js';

export { chosen, eachOnce, oneOfWords } from '../contracts/chosen.js';

export const depthOf = (text: string): Depth => oneOfWords('depth', text, DEPTHS);

/** A whole number from 1. */
export function countOf(option: string, text: string, most = 10_000): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new SteadyError('usage.invalid', { [option]: text, allowed: `1 to ${most}` });
  return count;
}

/** A backup id, as typed. */
export function backupIdOf(text: string): string {
  if (isTimeId(text)) return text;
  throw new SteadyError('usage.invalid', {
    id: text,
    allowed: 'a backup id such as 20261122T020000Z-k7q2m9xd',
  });
}

/** An id and `latest` as they are; a date as the moment it means in the stack's zone. */
export function selectionText(text: string, zone: string, stores: readonly string[]): string {
  if (text === 'latest' || isTimeId(text)) return text;
  if (/^\d/.test(text)) return resolveMoment(text, zone).toISOString();
  throw new SteadyError('usage.invalid', {
    what: text,
    allowed: 'latest, the id of a backup or set, or a date such as "2026-11-22 02:13"',
    ...(stores.includes(text) ? { instead: `--store ${text}` } : { nearest: nearest(text, ['latest']) }),
  });
}
