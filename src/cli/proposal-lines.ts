import type { ApprovalState } from '../contracts/runs/approval.js';
import { DIGEST_SHOWN } from './digest.js';
import { agoText, momentText } from './words.js';

/** What an approver is asked, as it is signed, and how to answer. */
export function proposalLines({ proposal, digest, decisions }: ApprovalState, zone: string): string[] {
  const missing = proposal.count - decisions.filter((one) => one.decision.decision === 'approve').length;
  return [
    `${proposal.title}, asked by ${proposal.requestedBy} ${momentText(proposal.requestedAt, zone)}`,
    ...proposal.lines.map((line) => `  ${line}`),
    ...decisions.map(({ decision }) =>
      `  ${decision.name}: ${decision.decision} ${decision.reason}`.trimEnd(),
    ),
    `  wanted: ${missing} with the role ${proposal.from}${proposal.self ? '' : `, not ${proposal.requestedBy}`}; no answer ${agoText(proposal.expiresAt)} means no`,
    `  answer with: steady approve ${proposal.workflowId} --digest ${digest.slice(0, DIGEST_SHOWN)}   (or deny)`,
  ];
}
