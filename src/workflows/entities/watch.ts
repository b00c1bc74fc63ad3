import { condition, continueAsNew, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { RunInput, StackSnapshot } from '../../contracts/runs/snapshot.js';
import {
  WATCH_QUERY,
  WATCH_SIGNAL,
  type Finding,
  type NotStarted,
  type Observation,
  type OpenFinding,
  type WatchInput,
  type WatchState,
} from '../../contracts/runs/watch.js';
import { quickly } from '../shared/activities.js';
import { failureOf } from '../shared/failures.js';
import { isRenewalDue, untilHandled } from '../shared/renewal.js';
import { tell } from '../shared/tell.js';

const watchSignal = defineSignal<[StackSnapshot]>(WATCH_SIGNAL);
const watchQuery = defineQuery<WatchState>(WATCH_QUERY);

const DAY_SECONDS = 86_400;
const BLIND = 'blind';

/**
 * Looks by a timer of its own whether promises are kept: a schedule that is paused, gone or broken does not stop it. What
 * is wrong is told when it begins, daily while it lasts, and when it is over.
 */
export async function watch(input: WatchInput): Promise<void> {
  let snapshot = input.state?.snapshot ?? input.snapshot;
  let open: readonly OpenFinding[] = input.state?.open ?? [];
  let notStarted = input.state?.notStarted ?? {};
  let since: Readonly<Record<string, string>> = input.state?.since ?? {};
  let lookedAt = input.state?.lookedAt;
  let applied = 0;

  const state = (): WatchState => ({ snapshot, open, notStarted, since, lookedAt });
  const watchFromNow = (): void => {
    const now = new Date().toISOString();
    since = Object.fromEntries(
      Object.keys(snapshot.stack.stores).map((store) => [store, since[store] ?? now]),
    );
  };
  watchFromNow();
  setHandler(watchQuery, state);
  setHandler(watchSignal, (newer) => {
    snapshot = newer;
    watchFromNow();
    applied++;
  });

  while (!isRenewalDue(input)) {
    const before = applied;
    const seen = await look();
    await settle(seen.findings);
    await tellNotStarted(seen.notStarted);
    lookedAt = new Date().toISOString();
    await condition(() => applied > before || isRenewalDue(input), snapshot.stack.limits.watch * 1000);
  }
  await untilHandled();
  await continueAsNew<typeof watch>({ ...input, snapshot, state: state() });

  /** When it cannot look, nothing that was wrong is over. */
  async function look(): Promise<Observation> {
    const { stack, site, limits } = snapshot.stack;
    try {
      return await quickly('proof', { site, workerSeconds: limits.worker }).observe({ stack });
    } catch (error) {
      const { message } = failureOf(error);
      const blind: Finding = {
        ...{ key: BLIND, event: 'rpo', title: 'nobody can tell whether backups are as promised' },
        ...{ lines: [message], next: ['steady status', 'steady check'] },
      };
      return { findings: [...open.filter((one) => one.key !== BLIND), blind], notStarted };
    }
  }

  async function settle(findings: readonly Finding[]): Promise<void> {
    const now = new Date().toISOString();
    const still: OpenFinding[] = [];
    for (const finding of findings) {
      const known = open.find((one) => one.key === finding.key);
      const since = known?.since ?? now;
      const again = (input.againSeconds ?? DAY_SECONDS) * 1000;
      const due = known === undefined || Date.parse(now) - Date.parse(known.toldAt) >= again;
      if (due) await tellFinding(finding, known === undefined ? 'begun' : 'lasting', now);
      still.push({ ...finding, since, toldAt: due ? now : known.toldAt });
    }
    const over = open.filter((one) => !findings.some(({ key }) => key === one.key));
    open = still;
    for (const finding of over) await tellFinding({ ...finding, next: [] }, 'over', now);
  }

  async function tellFinding(
    finding: Finding,
    how: 'begun' | 'lasting' | 'over',
    now: string,
  ): Promise<void> {
    const { key, event, title, lines, next } = finding;
    await tell(asked(), { id: `${key}.${how}.${now}`, event, title, lines, next, state: how });
  }

  /** Counts grow for as long as a schedule lives: what is new since the last look is told. */
  async function tellNotStarted(counts: Readonly<Record<string, NotStarted>>): Promise<void> {
    const now = new Date().toISOString();
    for (const [id, count] of Object.entries(counts)) {
      const before = notStarted[id] ?? count;
      const skipped = count.skipped - before.skipped;
      const missed = count.missed - before.missed;
      if (skipped <= 0 && missed <= 0) continue;
      await tell(asked(), {
        ...{ id: `skipped.${id}.${now}`, event: 'skipped', title: `a run of ${id} was not started` },
        lines: [
          ...(skipped > 0 ? [`${skipped} skipped: the one before was still running`] : []),
          ...(missed > 0 ? [`${missed} missed: all was down for longer than its catch-up time`] : []),
        ],
        next: ['steady status', 'steady runs'],
      });
    }
    notStarted = counts;
  }

  function asked(): RunInput {
    return { version: 1, snapshot, by: { name: 'watch' } };
  }
}
