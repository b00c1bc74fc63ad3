import { refusalOf, type ApprovalState, type Decision } from '../contracts/runs/approval.js';
import type { Approver } from '../contracts/stack/people.js';
import { sign } from '../contracts/signing.js';
import type { Identity } from './approvals.js';

/** What to do next, by the words of `refusalOf`: they are all that comes back from a run. */
const NEXT: readonly (readonly [RegExp, string])[] = [
  [/ cannot approve it/, 'Somebody else with the role has to sign it; who asked can only deny or cancel it.'],
  [
    /it is already |has ended|time to answer has passed|nothing is asked/,
    'There is nothing to sign any more: see how it went with `steady show RUN`.',
  ],
  [/ has already answered/, 'The answer counts; whom it still waits for is in `steady show RUN`.'],
  [
    /is not named in the stack file|the signature is not of /,
    'Compare `steady identity show` with approvers in the stack file; another identity is named with --identity. A run goes by the file as it was when it began.',
  ],
  [
    / does not have the role /,
    'Somebody with the role has to sign it: who has it is under approvers in the stack file.',
  ],
  [
    /proposal has changed|for another (run|step)/,
    'Read what is asked now with `steady show RUN`, and sign that.',
  ],
];

/** What to do about a refused decision, where its reason says more than the registry's hint. */
export function nextAfterRefusal(reason: string): string | undefined {
  return NEXT.find(([pattern]) => pattern.test(reason))?.[1];
}

/**
 * Why a run would refuse this person's yes, before anything is shown or sent; undefined when it would take it. Who could
 * answer stands in the state; `approvers` of the file tell why others cannot.
 */
export function refusalBeforehand(
  identity: Identity,
  state: ApprovalState,
  approvers: readonly Approver[],
  now = new Date(),
): string | undefined {
  const { proposal, digest, keys } = state;
  if (keys === undefined) return undefined;
  const decision: Decision = {
    version: 1,
    workflowId: proposal.workflowId,
    runId: proposal.runId,
    step: proposal.step,
    decision: 'approve',
    proposal: digest,
    name: identity.name,
    reason: '',
    at: now.toISOString(),
  };
  const able = Object.entries(keys).map(([name, key]) => ({ name, key, roles: [proposal.from] }));
  return refusalOf(
    { decision, signature: sign('decision', decision, identity.secretKey) },
    {
      state,
      approvers: [...able, ...approvers.filter((one) => keys[one.name] === undefined)],
      policy: proposal,
      requester: proposal.requestedBy,
      now: now.getTime(),
    },
  );
}
