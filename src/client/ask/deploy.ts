import type { WorkflowHandle } from '@temporalio/client';
import { SteadyError } from '../../contracts/failures.js';
import { deployRequest, type DeployInput } from '../../contracts/runs/deploy.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { startAsked, type Asking } from './asking.js';

export type DeployAsked = Omit<DeployInput, keyof RunInput | 'token' | 'takesBack'>;

/** Starts a deploy, a rollback or a scaling. Throws `usage.invalid` and `deploy.unable` for what can be seen at once. */
export async function startDeploy(asking: Asking, asked: DeployAsked): Promise<WorkflowHandle> {
  assertReasonable(asked);
  if (asking.snapshot.stack.runtime.host !== undefined)
    throw new SteadyError('deploy.unable', { services: 'those of the host runtime have one instance each' });
  return await startAsked(asking, {
    procedure: asked.procedure,
    asked,
    toSign: deployRequest,
    policy: 'deploy',
    targets: asked.wanted.map((one) => one.service),
  });
}

/** An exception says why. */
export function assertReasonable({ hotfix, outsideHours, reason }: DeployAsked): void {
  if ((hotfix ?? outsideHours) === true && reason === '')
    throw new SteadyError('usage.invalid', {
      error: 'a hotfix, or a deploy outside the hours, says why: the reason is missing',
    });
}
