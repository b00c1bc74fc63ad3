import { WorkflowNotFoundError, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import {
  APPROVAL_QUERY,
  DECIDE_UPDATE,
  type ApprovalState,
  type Decision,
  type SignedDecision,
} from '../contracts/runs/approval.js';
import { requestToSign } from '../contracts/runs/requester.js';
import type { Requester } from '../contracts/runs/snapshot.js';
import { SteadyError } from '../contracts/failures.js';
import { publicKeyOf, sign } from '../contracts/signing.js';
import { nextAfterRefusal } from './refusals.js';

/** A person's own key, from `~/.config/steady/identity`; or that of the HTTP API, with the name of who calls. */
export interface Identity {
  readonly name: string;
  readonly secretKey: Uint8Array;
}

export async function askedBy(handle: WorkflowHandle): Promise<ApprovalState | undefined> {
  return await handle.query<ApprovalState | undefined>(APPROVAL_QUERY);
}

/** Signs and sends a decision on what was shown. Throws `approval.invalid` with the reason it is refused for. */
export async function decide(
  handle: WorkflowHandle,
  options: {
    identity: Identity;
    shown: ApprovalState;
    decision: 'approve' | 'deny';
    reason: string;
    /** With the key of the HTTP API, on the person's behalf; left out: with the person's own. */
    via?: 'api';
    now?: Date;
  },
): Promise<ApprovalState> {
  const { proposal, digest } = options.shown;
  const decision: Decision = {
    version: 1,
    workflowId: proposal.workflowId,
    runId: proposal.runId,
    step: proposal.step,
    decision: options.decision,
    proposal: digest,
    name: options.identity.name,
    ...(options.via && { via: options.via }),
    reason: options.reason,
    at: (options.now ?? new Date()).toISOString(),
  };
  const signed: SignedDecision = {
    decision,
    signature: sign('decision', decision, options.identity.secretKey),
  };
  return await sendDecision(handle, signed);
}

export async function sendDecision(handle: WorkflowHandle, signed: SignedDecision): Promise<ApprovalState> {
  try {
    return await handle.executeUpdate<ApprovalState, [SignedDecision]>(DECIDE_UPDATE, { args: [signed] });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw refused(await howItEnded(handle), error);
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const says = error.cause?.message ?? error.message;
    const failure = refused(says, error);
    failure.message = says;
    throw failure;
  }
}

function refused(reason: string, cause: unknown): SteadyError {
  return new SteadyError('approval.invalid', { reason }, { cause, hint: nextAfterRefusal(reason) });
}

/** What became of a question whose run has ended, in words. */
async function howItEnded(handle: WorkflowHandle): Promise<string> {
  // The run's own answer is kept as long as its history; where no worker replays it, this is all there is to say.
  const state = await askedBy(handle).catch(() => undefined);
  const last = state?.decisions.at(-1)?.decision;
  switch (state?.status) {
    case 'expired':
      return `it expired at ${state.proposal.expiresAt}, and the run has ended`;
    case 'denied':
      return `${last?.name ?? 'somebody'} denied it at ${last?.at ?? '?'}, and the run has ended`;
    case 'approved':
      return `${last?.name ?? 'somebody'} approved it at ${last?.at ?? '?'}, and the run has ended`;
    default:
      return 'the run has ended';
  }
}

/** Who asks, signed over what is asked. */
export function signedRequester(
  identity: Identity,
  request: unknown,
  { now = new Date(), via }: { readonly now?: Date; readonly via?: 'api' } = {},
): Requester {
  const at = now.toISOString();
  return {
    name: identity.name,
    signed: {
      key: publicKeyOf(identity.secretKey),
      at,
      ...(via && { via }),
      signature: sign('request', requestToSign(identity.name, at, request, via), identity.secretKey),
    },
  };
}
