import type { DeployInput } from '../../contracts/runs/deploy.js';
import type { ApprovalPolicy } from '../../contracts/stack/people.js';
import { fail } from '../shared/failures.js';
import type { Run } from '../shared/run.js';
import { isAgreed } from './take-back.js';

/**
 * Who has to approve a deploy at this time; undefined: nobody. Refuses one outside the hours of the stack, but for an
 * exception that somebody may approve, and a hotfix. What goes back may do so at any hour.
 */
export async function policyNow(run: Run, input: DeployInput): Promise<ApprovalPolicy | undefined> {
  if (isAgreed(input)) return undefined;
  const { approvals, changes } = input.snapshot.stack;
  const usual = approvals.deploy;
  if (input.procedure === 'rollback') return usual;
  const { snapshot } = input;
  const closed =
    changes === undefined
      ? []
      : await run.step('Look at the hours of deploys', async (note) => {
          const why = await run.activities.change.closedNow({ snapshot });
          why.forEach(note);
          return why;
        });
  const exception = approvals.exceptions ?? usual;
  if (input.hotfix === true) return exception;
  if (closed.length === 0) return usual;
  if (input.outsideHours === true && exception !== undefined) return exception;
  const nobody =
    input.outsideHours === true ? { exception: 'nobody may approve one: approvals.exceptions' } : {};
  throw fail('deploy.closed', { why: closed.join('; '), ...nobody });
}
