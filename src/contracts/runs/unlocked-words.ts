import type { UnlockedLine } from './lines.js';

/** What is wrong with the lock of a backup, in words. */
export function unlockedWords(
  { id, lockedUntil, kept }: UnlockedLine,
  time: (iso: string) => string = (iso) => iso,
): string {
  if (kept === undefined)
    return lockedUntil === undefined
      ? `${id} is not locked`
      : `${id} is not locked since ${time(lockedUntil)}`;
  const locked = lockedUntil === undefined ? 'is not locked' : `is locked until ${time(lockedUntil)} only`;
  return `${id} ${locked}, and kept until ${time(kept)}`;
}
