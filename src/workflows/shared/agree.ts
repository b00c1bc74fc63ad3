import type { Run } from './run.js';
import type { TakeOptions } from './locks.js';

export interface Agreement<T> {
  /** What was seen at the beginning. */
  readonly first: T;
  readonly look: () => Promise<T>;
  /** All that is shown of it. */
  readonly lines: (seen: T) => readonly string[];
  /** The part of it that has to stay as it was shown. */
  readonly plan: (seen: T) => readonly string[];
  /** Left out where nobody has to be asked. */
  readonly ask?: ((seen: T, lines: readonly string[]) => Promise<void>) | undefined;
  /** Done when it is agreed on, and nothing is taken yet. */
  readonly beforeTaking?: ((seen: T) => Promise<void>) | undefined;
  /** What is changed, and what is taken with it. */
  readonly targets: (seen: T) => readonly string[];
  readonly options: TakeOptions | ((target: string) => TakeOptions);
}

export interface Agreed<T> {
  /** What is true under the lock. */
  readonly seen: T;
  readonly lines: readonly string[];
  /** When nobody had to be waited for any more, in ms since the epoch: the beginning of the RTO. */
  readonly go: number;
}

/**
 * Shows what will happen, has it approved, takes the targets, and looks again: hours may have passed. Where the plan is no
 * longer the one that was shown, the targets are let go of and people are asked again.
 */
export async function agreeOn<T>(run: Run, agreement: Agreement<T>): Promise<Agreed<T>> {
  const { ask, lines, plan } = agreement;
  let seen = agreement.first;
  let changes: string[] = [];
  for (;;) {
    await ask?.(seen, [...changes, ...lines(seen)]);
    await agreement.beforeTaking?.(seen);
    const go = Date.now();
    const targets = agreement.targets(seen);
    await run.step(`Take ${targets.join(', ')}`, () => run.locks.take(targets, agreement.options));
    const shown = plan(seen);
    seen = await run.step('Look again', async (note) => {
      const again = await agreement.look();
      changes = difference(shown, plan(again));
      changes.forEach(note);
      return again;
    });
    const taken = agreement.targets(seen).every((target) => targets.includes(target));
    if (taken && (!ask || changes.length === 0)) return { seen, lines: lines(seen), go };
    // Also where more is to be taken: in sorted order again, so that two runs never wait for each other.
    await run.step(
      ask ? 'Ask again, for what was approved has changed' : 'Take what is changed besides',
      () => run.locks.releaseAll({ untouched: true }),
    );
  }
}

/** A line each for what is no longer so, and for what is new. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const gone = before.filter((line) => !after.includes(line));
  const added = after.filter((line) => !before.includes(line));
  return [...gone.map((line) => `no longer: ${line}`), ...added.map((line) => `new: ${line}`)];
}
