import type { Told } from '../contracts/runs/message.js';
import type { Steady } from './connect.js';
import { resultOf, RunFailure } from './outcome.js';
import { listRuns, retriesOf, type RunLine } from './runs.js';

/** A channel that was not reached, or not yet. */
export interface UntoldLine {
  /** Workflow id of the telling. */
  readonly run: string;
  /** RFC 3339. */
  readonly at: string;
  /** It is still tried. */
  readonly trying: boolean;
  /** Channel and why, as the failure says it. */
  readonly words: readonly string[];
}

const DAY_MS = 86_400_000;
/** Of those still tried, and of those given up. */
export const MOST_UNTOLD = 20;

/** Of the last day's messages, who did not get them. */
export async function untoldLines(steady: Steady, stack: string, now = Date.now()): Promise<UntoldLine[]> {
  const [open, newest] = await Promise.all([
    listRuns(steady, { stack, procedure: 'notify', open: true, limit: MOST_UNTOLD }),
    listRuns(steady, { stack, procedure: 'notify', outcome: 'failed', limit: MOST_UNTOLD }),
  ]);
  const failed = newest.filter((one) => now - Date.parse(one.closedAt ?? one.startedAt) < DAY_MS);
  const lines = await Promise.all([
    ...open.map((one) => stillTried(steady, one)),
    ...failed.map((one) => givenUp(steady, one)),
  ]);
  return lines.filter((one) => one.words.length > 0);
}

async function stillTried(steady: Steady, { run, startedAt: at }: RunLine): Promise<UntoldLine> {
  const retries = await retriesOf(steady, run).catch(() => []);
  return {
    run,
    at,
    trying: true,
    words: retries.map(({ failure, attempt }) => `${failure}, attempt ${attempt}`),
  };
}

async function givenUp(steady: Steady, { run, startedAt: at }: RunLine): Promise<UntoldLine> {
  try {
    const told = await resultOf<readonly Told[]>(steady.client.workflow.getHandle(run));
    return { run, at, trying: false, words: told.flatMap((one) => (one.reached ? [] : [one.words])) };
  } catch (error) {
    if (!(error instanceof RunFailure)) throw error;
    return { run, at, trying: false, words: [error.message] };
  }
}
