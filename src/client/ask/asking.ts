import type { WorkflowHandle } from '@temporalio/client';
import type { Procedure } from '../../contracts/ids.js';
import type { Requester, StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { ApprovalsConfig } from '../../contracts/stack/people.js';
import type { Steady } from '../connect.js';
import { newRequest, repeatedRun, startRun, type Once } from '../start.js';
import { assertKnown, assertNotFrozen } from './may-change.js';

/** Somebody who asks for runs of a stack, on the command line or through the API. */
export interface Asking {
  readonly steady: Steady;
  readonly snapshot: StackSnapshot;
  /** Who asks, signed over what is asked where there is a key. */
  readonly requester: (request: unknown) => Promise<Requester>;
  /** Of a request that may come twice; left out: each is a new one. */
  readonly once?: Once | undefined;
}

/** What is asked, and what has to be so before a run is started for it. */
export interface Asked<A extends object> {
  readonly procedure: Procedure;
  readonly asked: A;
  /** What of it is signed; `token` is that of the run. */
  readonly toSign: (asked: A & { readonly token: string }) => unknown;
  /** Approvals of the stack file that it needs. */
  readonly policy: keyof ApprovalsConfig;
  /** What it changes: none of it may be frozen. */
  readonly targets: readonly string[];
}

/**
 * Starts a run, unless it is not certain who asks (`identity.missing`) or what it changes is frozen (`target.frozen`):
 * what the run would refuse anyway is refused before there is one.
 */
export async function startAsked<A extends object>(
  { steady, snapshot, requester, once }: Asking,
  { procedure, asked, toSign, policy, targets }: Asked<A>,
): Promise<WorkflowHandle> {
  const { stack } = snapshot;
  const repeated = once && (await repeatedRun(steady, { procedure, stack: stack.stack, once }));
  if (repeated !== undefined) return repeated;
  const request = once?.request ?? newRequest();
  const input = { ...asked, token: request.slice(-8) };
  const by = await requester(toSign(input));
  assertKnown(by, { stack, of: policy }, toSign(input));
  await assertNotFrozen(steady, stack, { names: targets, all: true });
  return await startRun(steady, {
    procedure,
    input: { version: 1, snapshot, by, ...input },
    request,
    targets,
    ...(once && { once }),
  });
}
