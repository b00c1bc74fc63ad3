import { describe, expect, it } from 'vitest';
import { nextAfterRefusal, refusalBeforehand } from '../../src/client/refusals.js';
import type { ApprovalState } from '../../src/contracts/runs/approval.js';
import type { Approver } from '../../src/contracts/stack/people.js';
import { publicKeyOf } from '../../src/contracts/signing.js';

const people = ['ana', 'ben', 'cleo', 'dan'];
const identityOf = (name: string) => ({
  name,
  secretKey: new Uint8Array(32).fill(people.indexOf(name) + 1),
});
const keyOf = (name: string): string => publicKeyOf(identityOf(name).secretKey);
const approvers: Approver[] = [
  { name: 'ana', key: keyOf('ana'), roles: ['operator'] },
  { name: 'ben', key: keyOf('ben'), roles: ['operator'] },
  { name: 'cleo', key: keyOf('cleo'), roles: ['reader'] },
];
const now = new Date('2026-11-22T06:00:00Z');

function asked(change: Partial<ApprovalState> = {}): ApprovalState {
  return {
    proposal: {
      version: 1,
      workflowId: 'restore.shop.x',
      runId: 'r1',
      step: 'restore',
      stack: 'shop',
      title: 'Restore db of shop',
      lines: [],
      facts: {},
      requestedBy: 'ana',
      requestedAt: '2026-11-22T05:59:00.000Z',
      expiresAt: '2026-11-22T06:59:00.000Z',
      from: 'operator',
      count: 1,
      self: false,
    },
    digest: 'd1',
    status: 'waiting',
    decisions: [],
    keys: { ben: keyOf('ben') },
    ...change,
  };
}

const refusal = (name: string, state = asked(), file = approvers, at = now): string | undefined =>
  refusalBeforehand(identityOf(name), state, file, at);

describe('whether a run would take an approval', () => {
  it('is known beforehand: it would, of who could answer when it asked, whatever the file says now', () => {
    expect(refusal('ben')).toBeUndefined();
    expect(refusal('ben', asked(), [])).toBeUndefined();
  });

  const yes = {
    decision: {
      version: 1,
      workflowId: 'restore.shop.x',
      runId: 'r1',
      step: 'restore',
      decision: 'approve',
      proposal: 'd1',
      name: 'ben',
      reason: '',
      at: '2026-11-22T05:59:30.000Z',
    },
    signature: 's',
  } as const;
  const stranger = { ...identityOf('dan'), name: 'ben' };
  const late = new Date('2026-11-22T07:00:00Z');
  it.each([
    [
      'by who asked',
      refusal('ana'),
      'ana asked for it and cannot approve it',
      /^Somebody else with the role/,
    ],
    [
      'by a stranger',
      refusal('dan'),
      'dan is not named in the stack file',
      /^Compare `steady identity show`/,
    ],
    [
      'by another key',
      refusalBeforehand(stranger, asked(), approvers, now),
      'the signature is not of ben',
      /--identity/,
    ],
    [
      'without the role',
      refusal('cleo'),
      'cleo does not have the role operator',
      /^Somebody with the role has to sign/,
    ],
    [
      'a second time',
      refusal('ben', asked({ decisions: [yes] })),
      'ben has already answered',
      /^The answer counts/,
    ],
    [
      'of what is decided',
      refusal('ben', asked({ status: 'approved' })),
      'it is already approved',
      /^There is nothing to sign/,
    ],
    [
      'too late',
      refusal('ben', asked(), approvers, late),
      'the time to answer has passed',
      /^There is nothing to sign/,
    ],
  ] as const)('is known beforehand: not %s; with what to do', (_why, found, reason, next) => {
    expect(found).toBe(reason);
    // As it comes back from a run.
    expect(nextAfterRefusal(`the approval is not valid [reason="${reason}"]`)).toMatch(next);
  });

  it('leaves other reasons to the hint of the registry', () => {
    expect(nextAfterRefusal('unknown form of decision')).toBeUndefined();
  });
});
