import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';

/** What an entity answers to a query; undefined where it does not run. */
export async function askEntity<T>(workflowId: string, query: string): Promise<T | undefined> {
  try {
    return await Context.current().client.workflow.getHandle(workflowId).query<T>(query);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
