import type { Previewed } from '../../activities/restore.js';
import { digestOf } from '../../contracts/canonical.js';
import type { RestoreInput } from '../../contracts/runs/procedures.js';
import type { ApprovalPolicy } from '../../contracts/stack/people.js';
import { agreeOn } from '../shared/agree.js';
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

/** Agrees on a restore, under the locks of its stores and services. Rows written meanwhile are no change of the plan. */
export async function agree(run: Run, agreeing: Agreeing): Promise<Agreed> {
  const { input, policy, first, look } = agreeing;
  if (input.mode === 'into') {
    // Nothing that is live is touched: nobody is asked, and nothing is taken.
    return { previews: first.previews, lines: describeRestore(first), go: Date.now() };
  }
  const { seen, lines, go } = await agreeOn<Described>(run, {
    first,
    look,
    lines: describeRestore,
    plan: describePlan,
    ask: policy && ((shown, all) => ask(run, agreeing, { policy, lines: all, previews: shown.previews })),
    // Whoever stops a service takes it: another run must not start it meanwhile.
    targets: () => [...agreeing.stores, ...agreeing.consumers],
    options: { mode: 'exclusive', priority: 'emergency', purpose: `restore asked by ${input.by.name}` },
  });
  return { previews: seen.previews, lines, go };
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
