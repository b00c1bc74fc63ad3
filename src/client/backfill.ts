import { SteadyError } from '../contracts/failures.js';
import { scheduleId } from '../contracts/ids.js';
import type { Steady } from './connect.js';
import { retentionOf } from './namespace.js';
import { listRuns } from './runs.js';

export interface PlannedMoment {
  /** When the clock was to start it. */
  readonly at: string;
  readonly run: string;
  /** The part of its id that names the request. */
  readonly request: string;
  /** How the run ended, or `running`; left out where none was started. */
  readonly outcome?: string | undefined;
}

/** What became of each moment of a plan. Looks, changes nothing. */
export async function plannedMoments(
  steady: Steady,
  { stack, plan, moments }: { stack: string; plan: string; moments: readonly Date[] },
): Promise<PlannedMoment[]> {
  const runs = await listRuns(steady, { stack, procedure: 'backup', limit: Number.POSITIVE_INFINITY });
  const known = new Map(runs.map((one) => [one.run, one.outcome ?? one.status]));
  return moments.map((moment) => {
    const at = moment.toISOString();
    // As the server ends the id of a run that a Schedule starts.
    const ending = at.replace('.000Z', 'Z');
    const run = `${scheduleId('backup', stack, plan)}-${ending}`;
    return { at, run, request: `${plan}-${ending}`, outcome: known.get(run) };
  });
}

/** Throws `usage.invalid` for a time of which Temporal cannot tell what ran: it forgets ended runs after a while. */
export async function assertKept(steady: Steady, since: Date): Promise<void> {
  const seconds = await retentionOf(steady.client.connection, steady.namespace);
  const first = new Date(Date.now() - seconds * 1000);
  if (since < first)
    throw new SteadyError('usage.invalid', {
      since: since.toISOString(),
      allowed: `from ${first.toISOString()} on: Temporal keeps ended runs no longer (retention of its namespace)`,
    });
}
