import { z } from 'zod';
import { proposalDigest, type Proposal } from './runs/approval.js';
import { isSigned } from './signing.js';
import type { ApiSigner, Approver } from './stack/people.js';
import type { EvidenceRecord } from './stored/others.js';

const decisionSchema = z.object({
  decision: z.looseObject({
    workflowId: z.string(),
    runId: z.string(),
    step: z.string(),
    decision: z.enum(['approve', 'deny']),
    proposal: z.string(),
    name: z.string(),
    via: z.literal('api').optional(),
    at: z.string(),
  }),
  signature: z.string(),
});
const stateSchema = z.object({
  proposal: z.looseObject({
    workflowId: z.string(),
    runId: z.string(),
    step: z.string(),
    requestedBy: z.string(),
    expiresAt: z.string(),
    count: z.number(),
    self: z.boolean(),
  }),
  digest: z.string(),
  status: z.enum(['waiting', 'approved', 'denied', 'expired']),
  decisions: z.array(decisionSchema),
  keys: z.record(z.string(), z.string()).optional(),
  apiKey: z.string().optional(),
});
type State = z.infer<typeof stateSchema>;

export interface ApprovalsVerdict {
  /** Signatures that hold. */
  readonly signatures: number;
  /** Why an approval in a record does not hold. */
  readonly broken: readonly { readonly number: number; readonly why: string }[];
  /** What a reader should know of those that hold. */
  readonly notes: readonly string[];
}

/**
 * Checks again what people signed in these records, long after: the proposal is the one whose digest they signed, the
 * signatures are of the keys recorded with it (else of the stack file), enough of them said yes in time. Pure.
 */
export function recheckApprovals(
  records: readonly EvidenceRecord[],
  people: readonly Pick<Approver, 'name' | 'key'>[],
  api?: Pick<ApiSigner, 'key'>,
): ApprovalsVerdict {
  const broken: { number: number; why: string }[] = [];
  const notes = new Set<string>();
  let signatures = 0;
  for (const record of records) {
    for (const stored of record.approvals) {
      const parsed = stateSchema.safeParse(stored);
      const found = parsed.success
        ? recheck(parsed.data, record, people, api)
        : { why: 'an approval cannot be read', notes: [] };
      if (found.why === undefined) signatures += parsed.data?.decisions.length ?? 0;
      else broken.push({ number: record.number, why: found.why });
      found.notes.forEach((note) => notes.add(note));
    }
  }
  return { signatures, broken, notes: [...notes] };
}

function recheck(
  state: State,
  record: EvidenceRecord,
  people: readonly Pick<Approver, 'name' | 'key'>[],
  api: Pick<ApiSigner, 'key'> | undefined,
): { readonly why?: string; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const { proposal, decisions } = state;
  const no = (why: string) => ({ why, notes });
  if (proposal.workflowId !== record.run.workflowId || proposal.runId !== record.run.runId)
    return no('the proposal is of another run');
  if (proposalDigest(proposal as unknown as Proposal) !== state.digest)
    return no('the proposal is not the one that was signed');
  for (const { decision, signature } of decisions) {
    const { name, via } = decision;
    // On behalf of a person, who has to be one that could answer all the same.
    if (via !== undefined && state.keys?.[name] === undefined) return no(`${name} could not answer`);
    const signer = via === undefined ? name : 'the HTTP API';
    const now = via === undefined ? people.find((one) => one.name === name)?.key : api?.key;
    const key = (via === undefined ? state.keys?.[name] : state.apiKey) ?? now;
    if (key === undefined) return no(`the key of ${signer} is neither recorded nor in the stack file`);
    if (key !== now)
      notes.push(`record ${record.number}: the key ${signer} signed with is not in the stack file now`);
    if (via !== undefined) notes.push(`record ${record.number}: ${name} decided by way of the HTTP API`);
    if (!isSigned('decision', decision, signature, key)) return no(`the signature is not of ${signer}`);
    const same =
      decision.workflowId === proposal.workflowId &&
      decision.runId === proposal.runId &&
      decision.step === proposal.step &&
      decision.proposal === state.digest;
    if (!same) return no(`${name} signed something else`);
    if (Date.parse(decision.at) > Date.parse(proposal.expiresAt))
      return no(`${name} signed after the time to answer`);
    if (decision.decision === 'approve' && !proposal.self && name === proposal.requestedBy)
      return no(`${name} approved what ${name} asked for`);
  }
  const yes = new Set(
    decisions.filter((one) => one.decision.decision === 'approve').map((one) => one.decision.name),
  );
  if (state.status === 'approved' && yes.size < proposal.count)
    return no(`approved by ${yes.size} of ${proposal.count}`);
  return { notes };
}
