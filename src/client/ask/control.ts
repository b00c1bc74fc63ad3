import type { WorkflowHandle } from '@temporalio/client';
import { SteadyError } from '../../contracts/failures.js';
import { parseRunId } from '../../contracts/ids.js';
import { CONTROLLED, CONTROL_SIGNAL, type Control } from '../../contracts/runs/control.js';
import { isOpen } from '../runs.js';

/** Has a deploy wait, go on or end. Throws `usage.invalid` for runs that cannot be told so, or have ended. */
export async function controlRun(handle: WorkflowHandle, control: Control): Promise<void> {
  const { workflowId } = handle;
  if (!CONTROLLED.includes(parseRunId(workflowId)?.procedure ?? ''))
    throw new SteadyError('usage.invalid', {
      run: workflowId,
      allowed: `runs of ${CONTROLLED.join(', ')}`,
      instead: 'steady cancel',
    });
  if (!(await isOpen(handle)))
    throw new SteadyError('usage.invalid', { run: workflowId, error: 'it has ended already' });
  await handle.signal(CONTROL_SIGNAL, control);
  if (control.what === 'abort') await handle.cancel();
}
