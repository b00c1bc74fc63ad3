import { defaultPayloadConverter } from '@temporalio/common';
import { expect } from 'vitest';
import type { FailedSignal } from '../../../src/contracts/runs/claims.js';
import type { CrashStack } from '../rig/stack.js';
import { waitFor } from '../rig/wait-for.js';
import { activitiesOf, ENTITIES, RUNS, type Place, type WorkflowType } from './runs.js';
import type { Scenario } from './scenarios.js';

/**
 * That the activities which the workflows of a scenario have called since then, by their histories, are those at which it
 * is interrupted: one that is not listed would never be.
 */
export async function expectListed(
  stack: CrashStack,
  of: { readonly scenario: Scenario; readonly place: Place; readonly since: Date },
): Promise<void> {
  const listed: readonly string[] = activitiesOf(of.scenario, of.place);
  const { workflows } = RUNS[of.scenario];
  const called = async (): Promise<string[]> => {
    const own = await calledBy(stack, without(workflows, ENTITIES), of.since);
    const byEntities = await calledBy(stack, without(workflows, without(workflows, ENTITIES)), of.since);
    return [...new Set([...own, ...[...byEntities].filter((one) => listed.includes(one))])].sort();
  };
  // The ledger writes when the run has ended, and Temporal may have been killed at the very end.
  const found = await waitFor(`what ${of.scenario} has called`, async () => {
    const now = await called();
    return listed.every((one) => now.includes(one)) && now;
  }).catch(called);
  expect(found).toEqual([...listed].sort());
}

const without = (all: readonly WorkflowType[], these: readonly WorkflowType[]): WorkflowType[] =>
  all.filter((one) => !these.includes(one));

/** Types of the activities that workflows of these types have scheduled since then. */
async function calledBy(
  stack: CrashStack,
  types: readonly WorkflowType[],
  since: Date,
): Promise<Set<string>> {
  const names = new Set<string>();
  if (types.length === 0) return names;
  const { client } = await stack.client();
  const query = `WorkflowType IN (${types.map((type) => `"${type}"`).join(', ')})`;
  for await (const { workflowId, runId, closeTime } of client.workflow.list({ query })) {
    if (closeTime !== undefined && closeTime < since) continue;
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { activityTaskScheduledEventAttributes: scheduled, eventTime } of events ?? []) {
      const name = scheduled?.activityType?.name;
      const at = Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
      if (name && at >= since.getTime()) names.add(name);
    }
  }
  return names;
}

/** Ids of the attempts that were to be discarded. */
export async function discardedAttempts(stack: CrashStack): Promise<string[]> {
  const { client } = await stack.client();
  const ids: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: 'WorkflowType = "storage"' })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
      const [input] = scheduled?.input?.payloads ?? [];
      if (scheduled?.activityType?.name !== 'discardAttempt' || !input) continue;
      ids.push(defaultPayloadConverter.fromPayload<FailedSignal>(input).attempt.id);
    }
  }
  return ids;
}
