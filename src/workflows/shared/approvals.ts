import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  APPROVAL_QUERY,
  DECIDE_UPDATE,
  proposalDigest,
  refusalOf,
  signsFor,
  type ApprovalState,
  type Proposal,
  type SignedDecision,
} from '../../contracts/runs/approval.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import type { ApprovalPolicy } from '../../contracts/stack/people.js';
import { fail } from './failures.js';

export interface Question {
  readonly step: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
  readonly policy: ApprovalPolicy;
}

export interface Approvals {
  /** Waits until enough people have signed; throws `approval.denied` or `approval.expired`. No answer means no. */
  ask(question: Question): Promise<ApprovalState>;
  /** All questions asked and their signed answers, for the record. */
  decided(): readonly ApprovalState[];
}

const decideUpdate = defineUpdate<ApprovalState, [SignedDecision]>(DECIDE_UPDATE);
const approvalQuery = defineQuery<ApprovalState | undefined>(APPROVAL_QUERY);

export function createApprovals(
  input: RunInput,
  waiting: (words: string | undefined) => void,
  asking: {
    readonly awaiting: (role: string | null) => void;
    /** Tells those who may answer; waits for none of them. */
    readonly tell: (state: ApprovalState) => Promise<void>;
  },
): Approvals {
  const { awaiting } = asking;
  const { approvers, api, stack } = input.snapshot.stack;
  const past: ApprovalState[] = [];
  let state: ApprovalState | undefined;
  let policy: ApprovalPolicy | undefined;

  setHandler(approvalQuery, () => state);
  setHandler(
    decideUpdate,
    (signed) => {
      if (state === undefined || policy === undefined)
        throw fail('approval.invalid', { reason: 'nothing is asked here now' });
      const decisions = [...state.decisions, signed];
      const yes = decisions.filter((one) => one.decision.decision === 'approve').length;
      const status =
        signed.decision.decision === 'deny' ? 'denied' : yes >= policy.count ? 'approved' : 'waiting';
      state = { ...state, decisions, status };
      return state;
    },
    {
      // Pure code: a refused decision leaves nothing in the history.
      validator: (signed: SignedDecision) => {
        const rules = {
          state,
          approvers,
          api,
          policy: policy ?? { from: '', self: false },
          requester: input.by.name,
          now: Date.now(),
        };
        const reason = refusalOf(signed, rules);
        if (reason !== undefined)
          throw ApplicationFailure.create({
            type: 'approval.invalid',
            message: fail('approval.invalid', { reason }).message,
          });
      },
    },
  );

  return {
    async ask(question) {
      policy = question.policy;
      const able = approvers.filter(
        (one) =>
          one.roles.includes(question.policy.from) && (question.policy.self || one.name !== input.by.name),
      );
      if (able.length < question.policy.count) {
        throw fail('approval.nobody', {
          role: question.policy.from,
          wanted: question.policy.count,
          able: able.length,
          asked_by: input.by.name,
        });
      }
      const { workflowId, runId } = workflowInfo();
      const now = Date.now();
      const proposal: Proposal = {
        version: 1,
        workflowId,
        runId,
        step: question.step,
        stack,
        title: question.title,
        lines: question.lines,
        facts: question.facts,
        requestedBy: input.by.name,
        requestedAt: new Date(now).toISOString(),
        expiresAt: new Date(now + question.policy.expires * 1000).toISOString(),
        from: question.policy.from,
        count: question.policy.count,
        self: question.policy.self,
      };
      const keys = Object.fromEntries(able.map((one) => [one.name, one.key]));
      state = {
        proposal,
        digest: proposalDigest(proposal),
        status: 'waiting',
        decisions: [],
        keys,
        ...(signsFor(api, question.policy.from) && { apiKey: api?.key }),
      };
      awaiting(question.policy.from);
      waiting(`approval by ${able.map((one) => one.name).join(' or ')} until ${proposal.expiresAt}`);
      try {
        await asking.tell(state);
        await condition(() => state?.status !== 'waiting', question.policy.expires * 1000);
      } finally {
        // Nobody listens any more, also when the run was cancelled: an answer from now on has to be refused.
        if (state.status === 'waiting') state = { ...state, status: 'expired' };
        past.push(state);
        awaiting(null);
        waiting(undefined);
      }
      const last = state.decisions.at(-1)?.decision;
      if (state.status === 'denied') throw fail('approval.denied', { by: last?.name, reason: last?.reason });
      if (state.status === 'expired')
        throw fail('approval.expired', {
          asked: able.map((one) => one.name).join(','),
          until: proposal.expiresAt,
        });
      return state;
    },
    decided: () => past,
  };
}
