import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { targetEntityId } from '../../contracts/ids.js';
import { TARGET_QUERY, type NotBack, type TargetState } from '../../contracts/runs/locks.js';
import type { Finding } from '../../contracts/runs/watch.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { askEntity } from '../ask-entity.js';

/**
 * Stores whose data a restore or an undo left neither as they were nor as it wanted them, however it ended. While such a
 * run goes on, what was found before stays found: it may be about to bring them back.
 */
export async function dataNotBack(
  client: Client,
  stack: Stack,
  open: readonly Finding[],
): Promise<Finding[]> {
  const findings = await Promise.all(
    Object.keys(stack.stores).map(async (store) => {
      const state = await askEntity<TargetState>(targetEntityId(stack.stack, store), TARGET_QUERY);
      if (state?.notBack === undefined) return [];
      const found = finding(store, state.notBack);
      if (!(await isOpen(client, state.notBack.by))) return [found];
      return open.filter(({ key }) => key === found.key);
    }),
  );
  return findings.flat();
}

function finding(store: string, { at, by, why, way }: NotBack): Finding {
  return {
    ...{ key: `not-back.${store}`, event: 'failed', title: `the data of ${store} are not back` },
    lines: [
      `since ${by} failed (${at}): ${why}`,
      ...(way === undefined ? [] : [way]),
      'until then no backup is taken of it, and no run starts what uses it',
    ],
    next: ['steady status', `steady show ${by}`],
  };
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
