import { digestOf } from '../canonical.js';
import { isSigned } from '../signing.js';
import type { Approver } from '../stack/people.js';
import type { Requester } from './snapshot.js';

/** What a requester signs: who, when, and the digest of what was asked. */
export function requestToSign(name: string, at: string, request: unknown): Record<string, string> {
  return { name, at, request: digestOf(request) };
}

/**
 * Why it is not certain who asked, or undefined when it is. Where nobody may approve what they asked for themselves,
 * the request must be signed by a person of the stack file.
 */
export function doubtAboutRequester(
  by: Requester,
  approvers: readonly Approver[],
  request: unknown,
): string | undefined {
  if (by.signed === undefined) return 'the request is not signed';
  const { key, at, signature } = by.signed;
  if (!approvers.some((one) => one.name === by.name && one.key === key))
    return 'not a person of the stack file with this key';
  const valid = isSigned('request', requestToSign(by.name, at, request), signature, key);
  return valid ? undefined : 'the signature of the request is not valid';
}
