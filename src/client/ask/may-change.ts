import type { Steady } from '../connect.js';
import { targetState } from '../entities.js';
import { SteadyError } from '../../contracts/failures.js';
import { doubtAboutRequester, MACHINE } from '../../contracts/runs/requester.js';
import type { Requester } from '../../contracts/runs/snapshot.js';
import type { ApprovalsConfig } from '../../contracts/stack/people.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { momentText } from '../../contracts/time-text.js';

/**
 * Throws `identity.missing` for a request that the run would refuse because it is not certain who asks, before there is
 * a run. The run asks itself once more.
 */
export function assertKnown(
  by: Requester,
  { stack, of }: { readonly stack: Stack; readonly of: keyof ApprovalsConfig },
  request: unknown,
  now = Date.now(),
): void {
  const policy = stack.approvals[of];
  if (policy === undefined) return;
  const why = doubtAboutRequester(by, {
    approvers: stack.approvers,
    api: stack.api,
    request,
    startedAt: now,
    mustSign: !policy.self,
  });
  if (why === undefined) return;
  const hint =
    by.signed?.via === 'api' || by.name.startsWith(MACHINE)
      ? 'Name the key of the HTTP API under api in the stack file (`steady server` prints it), and the people under approvers; then run `steady apply`.'
      : by.signed === undefined
        ? 'Name yours with --identity, or make one with `steady identity create`; its key belongs under approvers in the stack file.'
        : 'Add its key (`steady identity show`) to approvers in the stack file and run `steady apply`, or name another with --identity.';
  throw new SteadyError('identity.missing', { asked_by: by.name, why }, { hint });
}

/** Throws `target.frozen` when the run would be refused for it: when any is, or where not all are meant, when all are. */
export async function assertNotFrozen(
  steady: Steady,
  stack: Stack,
  targets: { readonly names: readonly string[]; readonly all: boolean },
): Promise<void> {
  const states = await Promise.all(
    targets.names.map(async (name) => ({
      name,
      frozen: (await targetState(steady, stack, name))?.frozen,
    })),
  );
  const frozen = states.flatMap(({ name, frozen: by }) =>
    by === undefined
      ? []
      : [`${name} frozen by ${by.by} since ${momentText(by.at, stack.timezone)}: ${by.reason}`],
  );
  if (frozen.length === 0 || (!targets.all && frozen.length < targets.names.length)) return;
  throw new SteadyError('target.frozen', { why: frozen.join('; ') });
}
