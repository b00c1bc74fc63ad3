import { condition, continueAsNew, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { RunInput, StackSnapshot } from '../../contracts/runs/snapshot.js';
import {
  WATCH_QUERY,
  WATCH_SIGNAL,
  type EndedRun,
  type Finding,
  type Observation,
  type OpenFinding,
  type WatchInput,
  type WatchState,
} from '../../contracts/runs/watch.js';
import { quickly } from '../shared/activities.js';
import { failureOf } from '../shared/failures.js';
import { isRenewalDue, untilHandled } from '../shared/renewal.js';
import { tell } from '../shared/tell.js';
import { BLIND, blindFinding, endedMessage, findingMessage, notStartedMessages } from './watch-messages.js';

const watchSignal = defineSignal<[StackSnapshot]>(WATCH_SIGNAL);
const watchQuery = defineQuery<WatchState>(WATCH_QUERY);

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;
/** Ended runs remembered as told. A look sees those of an hour again; a message is sent once under its id besides. */
const REMEMBERED = 200;

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
  let ended = input.state?.ended;
  let tamperingAt = input.state?.tamperingAt;
  let applied = 0;

  const state = (): WatchState => ({ snapshot, open, notStarted, since, lookedAt, ended, tamperingAt });
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
    const now = new Date().toISOString();
    const seen = await look(now);
    await settle(seen.findings);
    await tellNotStarted(seen.notStarted);
    if (seen.ended !== undefined) await tellEnded(seen.ended, now);
    lookedAt = new Date().toISOString();
    await condition(() => applied > before || isRenewalDue(input), snapshot.stack.limits.watch * 1000);
  }
  await untilHandled();
  await continueAsNew<typeof watch>({ ...input, snapshot, state: state() });

  /** When it cannot look, nothing that was wrong is over. */
  async function look(now: string): Promise<Observation> {
    const { stack, site, limits } = snapshot.stack;
    const every = (input.tamperingSeconds ?? HOUR_SECONDS) * 1000;
    const tampering = tamperingAt === undefined || Date.parse(now) - Date.parse(tamperingAt) >= every;
    try {
      const proof = quickly('proof', { site, workerSeconds: limits.worker });
      const seen = await proof.observe({ stack, tampering });
      if (tampering) tamperingAt = now;
      return seen;
    } catch (error) {
      const blind = blindFinding(failureOf(error).message);
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
      const how = known === undefined ? 'begun' : 'lasting';
      if (due) await tell(asked(), findingMessage(finding, how, now));
      still.push({ ...finding, since, toldAt: due ? now : known.toldAt });
    }
    const over = open.filter((one) => !findings.some(({ key }) => key === one.key));
    open = still;
    for (const finding of over) await tell(asked(), findingMessage(finding, 'over', now));
  }

  async function tellNotStarted(counts: Observation['notStarted']): Promise<void> {
    const now = new Date().toISOString();
    for (const message of notStartedMessages(notStarted, counts, now)) await tell(asked(), message);
    notStarted = counts;
  }

  async function tellEnded(runs: readonly EndedRun[], at: string): Promise<void> {
    const told = ended?.told ?? [];
    for (const run of runs) await tell(asked(), endedMessage(snapshot.stack.stack, run));
    ended = { at, told: [...told, ...runs.map(({ runId }) => runId)].slice(-REMEMBERED) };
  }

  function asked(): RunInput {
    return { version: 1, snapshot, by: { name: 'watch' } };
  }
}
