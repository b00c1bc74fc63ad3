import { doubtAboutRequester } from '../../contracts/runs/requester.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import type { ApprovalPolicy } from '../../contracts/stack/people.js';
import { fail } from './failures.js';
import type { Run } from './run.js';

/** Refuses a request when it is not certain who asked: an approval by somebody else would say nothing. */
export function requireKnownRequester(
  run: Run,
  input: RunInput,
  asked: { readonly request: unknown; readonly policy: ApprovalPolicy },
): void {
  const doubt = doubtAboutRequester(input.by, {
    approvers: input.snapshot.stack.approvers,
    api: input.snapshot.stack.api,
    request: asked.request,
    startedAt: run.startedAt.getTime(),
    mustSign: !asked.policy.self,
  });
  if (doubt !== undefined) throw fail('identity.missing', { asked_by: input.by.name, why: doubt });
}
