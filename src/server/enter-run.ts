import type { WorkflowHandle } from '@temporalio/client';
import { exactRun } from '../client/runs.js';
import type { Action } from '../contracts/actions.js';
import { SteadyError } from '../contracts/failures.js';
import { parseRunId } from '../contracts/ids.js';
import { enter, reaching, type Api, type Entered } from './api.js';
import { assertMayRun, type Caller } from './caller.js';

export interface EnteredRun extends Entered {
  readonly handle: WorkflowHandle;
}

/** Lets a request in that may do this with a run. Throws as `enter` does, and `run.unknown`. */
export async function enterRun(
  api: Api,
  { caller, action, run }: { readonly caller: Caller; readonly action: Action; readonly run: string },
): Promise<EnteredRun> {
  const stack = parseRunId(run)?.stack ?? '';
  const entered = await enter(api, { caller, action, stack });
  const handle = await reaching(entered.steady, () => exactRun(entered.steady, stack, run));
  if (handle === undefined) throw new SteadyError('run.unknown', { run });
  if (action !== 'read') await reaching(entered.steady, () => assertMayRun(caller, action, handle));
  return { ...entered, handle };
}
