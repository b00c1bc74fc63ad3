import type { Previewed } from '../../activities/restore.js';
import { digestOf } from '../../contracts/canonical.js';
import type { RestoreInput } from '../../contracts/runs/procedures.js';
import type { ApprovalPolicy } from '../../contracts/stack/people.js';
import { askInStep } from '../shared/ask-in-step.js';
import type { Run } from '../shared/run.js';
import { describePlan, describeRestore, type Described } from './describe-restore.js';

export interface Agreeing {
  readonly input: RestoreInput;
  /** Left out where nobody has to be asked. */
  readonly policy: ApprovalPolicy | undefined;
  readonly stores: readonly string[];
  /** Services that are stopped meanwhile. */
  readonly consumers: readonly string[];
  /** What was seen at the beginning. */
  readonly first: Described;
  readonly look: () => Promise<Described>;
}

export interface Agreed {
  /** What is true under the lock. */
  readonly previews: readonly Previewed[];
  readonly lines: readonly string[];
  /** When nobody had to be waited for any more, in ms since the epoch: the beginning of the RTO. */
  readonly go: number;
}

/**
 * Shows what will happen, has it approved, takes the stores, and looks again: hours may have passed. Where the plan is no
 * longer the one that was shown, the stores are let go of and people are asked again. Rows written meanwhile are no
 * change of the plan.
 */
export async function agree(run: Run, agreeing: Agreeing): Promise<Agreed> {
  const { input, policy } = agreeing;
  // Whoever stops a service takes it: another run must not start it meanwhile.
  const targets = [...agreeing.stores, ...agreeing.consumers];
  let seen = agreeing.first;
  let changes: string[] = [];
  for (;;) {
    const lines = [...changes, ...describeRestore(seen)];
    if (policy) await ask(run, agreeing, { policy, lines, previews: seen.previews });
    const go = Date.now();
    if (input.mode === 'into') return { previews: seen.previews, lines, go };
    await run.step(`Take ${targets.join(', ')}`, () =>
      run.locks.take(targets, {
        mode: 'exclusive',
        priority: 'emergency',
        purpose: `restore asked by ${input.by.name}`,
      }),
    );
    const shown = describePlan(seen);
    seen = await run.step('Look again', async (note) => {
      const again = await agreeing.look();
      changes = difference(shown, describePlan(again));
      changes.forEach(note);
      return again;
    });
    if (!policy || changes.length === 0) return { previews: seen.previews, lines: describeRestore(seen), go };
    await run.step('Ask again, for what was approved has changed', () =>
      run.locks.releaseAll({ untouched: true }),
    );
  }
}

async function ask(
  run: Run,
  { input, stores }: Agreeing,
  shown: Pick<Agreed, 'lines' | 'previews'> & { readonly policy: ApprovalPolicy },
): Promise<void> {
  const { snapshot } = input;
  await askInStep(run, {
    step: 'restore',
    title: `Restore ${stores.join(', ')} of ${snapshot.stack.stack}`,
    lines: shown.lines,
    facts: {
      ...Object.fromEntries(shown.previews.map(({ store, backupId }) => [store, backupId])),
      config: snapshot.configSha256,
      lines: digestOf(shown.lines),
    },
    policy: shown.policy,
  });
}

/** A line each for what is no longer so, and for what is new. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const gone = before.filter((line) => !after.includes(line));
  const added = after.filter((line) => !before.includes(line));
  return [...gone.map((line) => `no longer: ${line}`), ...added.map((line) => `new: ${line}`)];
}
