import { describe, expect, it } from 'vitest';
import { proposalDigest, type Decision, type Proposal } from '../../src/contracts/runs/approval.js';
import { recheckApprovals } from '../../src/contracts/recheck-approvals.js';
import { publicKeyOf, sign } from '../../src/contracts/signing.js';
import type { EvidenceRecord } from '../../src/contracts/stored/others.js';

const secret = { ana: new Uint8Array(32).fill(1), ben: new Uint8Array(32).fill(2) };
const people = (['ana', 'ben'] as const).map((name) => ({ name, key: publicKeyOf(secret[name]) }));
const keys = Object.fromEntries(people.map(({ name, key }) => [name, key]));
const run = { workflowId: 'restore.shop.1', runId: 'r1' };
const proposal: Proposal = {
  version: 1,
  ...run,
  step: 'restore',
  stack: 'shop',
  title: 'Restore db of shop',
  lines: ['db: everything written since is replaced'],
  facts: {},
  requestedBy: 'ana',
  requestedAt: '2026-11-22T02:00:00.000Z',
  expiresAt: '2026-11-22T03:00:00.000Z',
  from: 'operator',
  count: 1,
  self: false,
};

function signed(more: Partial<Decision> = {}, by: 'ana' | 'ben' = 'ben') {
  const decision: Decision = {
    version: 1,
    ...run,
    step: 'restore',
    decision: 'approve',
    proposal: proposalDigest(proposal),
    name: by,
    reason: '',
    at: '2026-11-22T02:10:00.000Z',
    ...more,
  };
  return { decision, signature: sign('decision', decision, secret[by]) };
}

const state = (more: object = {}) => ({
  proposal,
  digest: proposalDigest(proposal),
  status: 'approved',
  decisions: [signed()],
  keys,
  ...more,
});
const verdict = (approval: unknown, known: readonly { name: string; key: string }[] = people) =>
  recheckApprovals([{ number: 7, run, approvals: [approval] } as unknown as EvidenceRecord], known);

describe('approvals, checked again from a record', () => {
  it('hold with the keys recorded, or with those of the stack file', () => {
    expect(verdict(state())).toEqual({ signatures: 1, broken: [], notes: [] });
    expect(verdict(state({ keys: undefined }))).toEqual({ signatures: 1, broken: [], notes: [] });
  });

  it('hold for someone who has left, and that is said', () => {
    expect(verdict(state(), [])).toEqual({
      signatures: 1,
      broken: [],
      notes: ['record 7: the key ben signed with is not in the stack file now'],
    });
  });

  it.each([
    [
      'a proposal of another run',
      state({ proposal: { ...proposal, runId: 'r2' } }),
      'the proposal is of another run',
    ],
    [
      'a proposal that was changed',
      state({ proposal: { ...proposal, lines: ['db: nothing'] } }),
      'the proposal is not the one that was signed',
    ],
    [
      'a decision that was changed',
      state({ decisions: [{ ...signed(), decision: { ...signed().decision, reason: 'x' } }] }),
      'the signature is not of ben',
    ],
    [
      'a signature for another proposal',
      state({ decisions: [signed({ proposal: 'f'.repeat(64) })] }),
      'ben signed something else',
    ],
    [
      'a late one',
      state({ decisions: [signed({ at: '2026-11-22T03:00:01.000Z' })] }),
      'ben signed after the time to answer',
    ],
    ['one’s own', state({ decisions: [signed({}, 'ana')] }), 'ana approved what ana asked for'],
    ['too few', state({ decisions: [] }), 'approved by 0 of 1'],
    [
      'a stranger',
      state({ keys: {}, decisions: [{ ...signed(), decision: { ...signed().decision, name: 'eve' } }] }),
      'the key of eve is neither recorded nor in the stack file',
    ],
    ['something else', { hello: 1 }, 'an approval cannot be read'],
  ])('do not hold: %s', (_, approval, why) => {
    expect(verdict(approval).broken).toEqual([{ number: 7, why }]);
  });
});
