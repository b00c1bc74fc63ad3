import { ed25519 } from '@noble/curves/ed25519.js';
import type { ApprovalPolicy } from '../../contracts/stack/people.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { EXAMPLE_APPROVER_KEYS } from '../example-keys.js';
import { nearest } from '../../contracts/nearest.js';
import type { CrossCheckReport } from './report.js';

/** Approvers have usable keys of their own, and roles asked for are held by enough of them. */
export function checkPeople(stack: Stack, report: CrossCheckReport): void {
  const { approvers } = stack;
  for (const [index, approver] of approvers.entries()) {
    const path = ['approvers', index, 'key'];
    const bytes = decodeKey(approver.key);
    if (!isUsableKey(bytes))
      report.error(path, 'not an Ed25519 public key; `steady identity create` prints one');
    if (approvers.findIndex((other) => other.name === approver.name) !== index) {
      report.error(['approvers', index, 'name'], 'an approver named twice', {
        found: JSON.stringify(approver.name),
      });
    }
    if (approvers.findIndex((other) => decodeKey(other.key).equals(bytes)) !== index) {
      report.error(path, 'another approver has the same key: every person one of their own');
    }
    if (EXAMPLE_APPROVER_KEYS.includes(approver.key)) {
      report.warn(path, 'a key of the examples: nobody holds its other half; put in your own');
    }
  }

  checkApi(stack, report);
  for (const [what, policy] of Object.entries(stack.approvals)) checkPolicy(what, policy, stack, report);
}

/** The key of the HTTP API is its own, and roles it signs for are held by somebody. */
function checkApi({ api, approvers }: Stack, report: CrossCheckReport): void {
  if (api === undefined) return;
  const bytes = decodeKey(api.key);
  if (!isUsableKey(bytes))
    report.error(['api', 'key'], 'not an Ed25519 public key; `steady server` prints its own');
  if (approvers.some((one) => decodeKey(one.key).equals(bytes)))
    report.error(['api', 'key'], 'an approver has the same key: the HTTP API has one of its own');
  const roles = [...new Set(approvers.flatMap((approver) => approver.roles))];
  for (const [index, role] of (api.signsFor ?? []).entries()) {
    if (roles.includes(role)) continue;
    report.error(['api', 'signsFor', index], 'nobody has this role', {
      found: JSON.stringify(role),
      allowed: roles,
      nearest: nearest(role, roles),
    });
  }
}

/** Whether what is asked for can be approved at all. */
function checkPolicy(
  what: string,
  policy: ApprovalPolicy | undefined,
  { approvers }: Stack,
  report: CrossCheckReport,
): void {
  if (!policy) return;
  const path = ['approvals', what];
  if (approvers.length === 0) {
    const thing = what === 'restore' ? 'no restore' : 'nothing of it';
    report.warn(path, `there are no approvers: ${thing} can be approved`, { at: 'key' });
    return;
  }
  const holders = approvers.filter((approver) => approver.roles.includes(policy.from));
  if (holders.length === 0) {
    const roles = [...new Set(approvers.flatMap((approver) => approver.roles))];
    const found = JSON.stringify(policy.from);
    report.error([...path, 'from'], 'nobody has this role', {
      found,
      allowed: roles,
      nearest: nearest(policy.from, roles),
    });
  } else if (holders.length < policy.count) {
    report.error([...path, 'count'], `only ${holders.length} have the role ${policy.from}`, {
      found: String(policy.count),
    });
  } else if (holders.length === policy.count && !policy.self) {
    const who = holders.map((holder) => holder.name).join(', ');
    const message = `all of ${who} must agree, and none may approve what they asked for: nobody of them can ask`;
    report.warn([...path, 'count'], message, { at: 'parent' });
  }
}

function decodeKey(key: string): Buffer {
  return Buffer.from(key.slice('ed25519:'.length).replaceAll('-', '+').replaceAll('_', '/'), 'base64');
}

/** 32 bytes that are a point of the curve; with a point of small order anyone could sign. */
function isUsableKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  try {
    return !ed25519.Point.fromBytes(bytes).isSmallOrder();
  } catch {
    return false;
  }
}
