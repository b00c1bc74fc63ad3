import { digestOf } from '../canonical.js';
import type { ApiSigner, ApprovalPolicy, Approver } from '../stack/people.js';
import { isSigned } from '../signing.js';

/** What an approver is shown and signs: if any of it changes, it is asked again. */
export interface Proposal {
  readonly version: 1;
  readonly workflowId: string;
  readonly runId: string;
  readonly step: string;
  readonly stack: string;
  readonly title: string;
  /** What will happen and what will be lost, a line each. */
  readonly lines: readonly string[];
  /** The ids and digests it is about. */
  readonly facts: Readonly<Record<string, string>>;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly from: string;
  readonly count: number;
  readonly self: boolean;
}

export interface Decision {
  readonly version: 1;
  readonly workflowId: string;
  readonly runId: string;
  readonly step: string;
  readonly decision: 'approve' | 'deny';
  /** Digest of the proposal that was shown. */
  readonly proposal: string;
  /** Who decides. */
  readonly name: string;
  /** Signed on that person's behalf, with the key of the HTTP API; left out: by the person. */
  readonly via?: 'api';
  readonly reason: string;
  readonly at: string;
}

export interface SignedDecision {
  readonly decision: Decision;
  readonly signature: string;
}

/** What the query `approval` answers. */
export interface ApprovalState {
  readonly proposal: Proposal;
  readonly digest: string;
  readonly status: 'waiting' | 'approved' | 'denied' | 'expired';
  readonly decisions: readonly SignedDecision[];
  /** Public keys of those who could answer, by name, as the stack file had them: for a check years later. */
  readonly keys?: Readonly<Record<string, string>> | undefined;
  /** Public key of the HTTP API, where it may sign on behalf of those. */
  readonly apiKey?: string | undefined;
  /** Times a person should have been reminded. */
  readonly remindedAt?: string | undefined;
}

export const APPROVAL_QUERY = 'approval';
export const DECIDE_UPDATE = 'decide';

export interface DecisionRules {
  readonly state: ApprovalState | undefined;
  readonly approvers: readonly Approver[];
  readonly api?: ApiSigner | undefined;
  readonly policy: Pick<ApprovalPolicy, 'from' | 'self'>;
  readonly requester: string;
  /** Workflow time, milliseconds. */
  readonly now: number;
}

/**
 * Why a decision is refused, or undefined when it counts. Pure: it is the validator of the workflow's Update, and the
 * check of a stranger years later.
 */
export function refusalOf(signed: SignedDecision, rules: DecisionRules): string | undefined {
  const { decision } = signed;
  const { state } = rules;
  if (state === undefined) return 'nothing is asked here now';
  if (decision.version !== 1) return 'unknown form of decision';
  if (decision.workflowId !== state.proposal.workflowId || decision.runId !== state.proposal.runId) {
    return 'it was signed for another run';
  }
  if (decision.step !== state.proposal.step) return 'it was signed for another step';
  if (state.status !== 'waiting') return `it is already ${state.status}`;
  if (rules.now >= Date.parse(state.proposal.expiresAt)) return 'the time to answer has passed';
  if (decision.proposal !== state.digest)
    return 'the proposal has changed since it was shown; look at it again';
  const approver = rules.approvers.find((one) => one.name === decision.name);
  if (approver === undefined) return `${decision.name} is not named in the stack file`;
  if (decision.via !== undefined && !signsFor(rules.api, rules.policy.from))
    return `the HTTP API does not sign for the role ${rules.policy.from}`;
  const key = decision.via === undefined ? approver.key : (rules.api?.key ?? '');
  if (!isSigned('decision', decision, signed.signature, key))
    return `the signature is not of ${decision.via === undefined ? decision.name : 'the HTTP API'}`;
  if (!approver.roles.includes(rules.policy.from))
    return `${decision.name} does not have the role ${rules.policy.from}`;
  if (decision.decision === 'approve' && !rules.policy.self && decision.name === rules.requester) {
    return `${decision.name} asked for it and cannot approve it`;
  }
  if (state.decisions.some((one) => one.decision.name === decision.name))
    return `${decision.name} has already answered`;
  return undefined;
}

/** Whether holders of a role may decide by way of the HTTP API. */
export const signsFor = (api: ApiSigner | undefined, role: string): boolean =>
  api?.signsFor?.includes(role) === true;

export function proposalDigest(proposal: Proposal): string {
  return digestOf(proposal);
}
