import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import type { Finding, NotStarted, Observation } from '../../contracts/runs/watch.js';
import { plannedRuns } from '../../contracts/stack/planned.js';
import type { Stack } from '../../contracts/stack/stack.js';

/** What of all that was applied the clock does not start, and how often it could not. */
export async function lookAtClock(client: Client, stack: Stack): Promise<Observation> {
  const findings: Finding[] = [];
  const notStarted: Record<string, NotStarted> = {};
  await Promise.all(
    plannedRuns(stack).map(async ({ id, procedure, plan }) => {
      const what = `${procedure}${procedure === 'sweep' ? '' : ` of plan ${plan}`}`;
      const found = await describe(client, id);
      if (found === undefined) {
        findings.push({
          ...{ key: `gone.${id}`, event: 'skipped', title: `nothing starts the ${what} any more` },
          ...{ lines: [`its schedule ${id} is gone from Temporal, and was applied`], next: ['steady apply'] },
        });
        return;
      }
      const { state, info } = found;
      notStarted[id] = { skipped: info.numActionsSkippedOverlap, missed: info.numActionsMissedCatchupWindow };
      if (!state.paused) return;
      findings.push({
        ...{ key: `paused.${id}`, event: 'skipped', title: `the ${what} is paused` },
        lines: [
          `schedule ${id}: ${state.note === undefined || state.note === '' ? 'no reason given' : state.note}`,
        ],
        next: [`temporal schedule toggle --unpause --schedule-id ${id} --reason …`],
      });
    }),
  );
  return { findings: findings.sort((a, b) => (a.key < b.key ? -1 : 1)), notStarted };
}

async function describe(client: Client, id: string) {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
