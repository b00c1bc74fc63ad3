/**
 * What tools say of a full disk or a quota (strerror(3) of ENOSPC and EDQUOT; they run with LC_ALL=C). Of a write that
 * came through in part, GNU tar tells how much and not why.
 */
const NO_SPACE = /No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/;

/** The line of a tool's last words that tells of a full disk; undefined where none does. */
export const noSpaceLine = (words: string): string | undefined =>
  words.split('\n').find((line) => NO_SPACE.test(line));
