import { SteadyError } from '../contracts/failures.js';
import type { NotBack } from '../contracts/runs/locks.js';
import type { Steady } from './connect.js';
import { acceptData, targetState } from './entities.js';
import { isOpen } from './runs.js';

/**
 * Says that the data of a store are in order, where a restore could not put them back. Gives what had been left, or
 * undefined where nothing was. Throws `target.busy` while a run is at it.
 */
export async function acceptNotBack(
  steady: Steady,
  at: { readonly stack: string; readonly site: string },
  target: string,
  said: { readonly by: string; readonly reason: string },
): Promise<NotBack | undefined> {
  const { notBack, holders = [] } = (await targetState(steady, at, target)) ?? {};
  if (notBack === undefined) return undefined;
  const busy = holders.find(({ workflowId }) => workflowId === notBack.by);
  // A run that was ended by hand loses its lock only when somebody looks after it.
  if (busy && (await isOpen(steady.client.workflow.getHandle(busy.workflowId, busy.runId))))
    throw new SteadyError('target.busy', { target, held: busy.workflowId, since: busy.since });
  const accepted = { ...said, at: new Date().toISOString(), seen: notBack.at };
  if ((await acceptData(steady, at, target, accepted)).notBack !== undefined)
    throw new SteadyError('target.busy', { target, held: 'a restore has begun meanwhile' });
  return notBack;
}
