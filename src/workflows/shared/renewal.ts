import { allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';

/** Whether an entity's history is long enough to go on as a new one. */
export function isRenewalDue(input: { readonly maxEvents?: number }): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (input.maxEvents !== undefined && historyLength >= input.maxEvents);
}

/** Waits until nothing half done would be lost by going on as a new one. */
export async function untilHandled(): Promise<void> {
  await condition(allHandlersFinished);
}
