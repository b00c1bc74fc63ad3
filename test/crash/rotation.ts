/**
 * `STEADY_CRASH_ALL=1` runs all of the crash tests; else each file takes a part of its own, which a printed seed chooses
 * and `STEADY_CRASH_SEED` repeats.
 */
export const all = process.env['STEADY_CRASH_ALL'] === '1';
export const seed = Number(process.env['STEADY_CRASH_SEED'] ?? Math.floor(Math.random() * 1e6));
console.log(`STEADY_CRASH_SEED=${seed}${all ? ' STEADY_CRASH_ALL=1' : ''}`);

/** One of these by the seed, or all of them. `salt` keeps two choices of one file apart. */
export const rotating = <T>(items: readonly T[], salt = 0): readonly T[] =>
  all ? items : items.slice((seed + salt) % items.length).slice(0, 1);
