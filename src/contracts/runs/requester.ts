import { digestOf } from '../canonical.js';
import { isSigned } from '../signing.js';
import type { ApiSigner, Approver } from '../stack/people.js';
import type { RestoreInput } from './procedures.js';
import type { Requester } from './snapshot.js';

/** How far the signature's time may be from the run's start, in seconds: an old one is no request of now. */
export const REQUEST_FRESH_SECONDS = 900;

/** What is asked with a restore: all that a person decides. The token is the run's own, so it is good for one run. */
export function restoreRequest(
  input: Pick<
    RestoreInput,
    'selection' | 'mode' | 'into' | 'dryRun' | 'consumersFirst' | 'unsaved' | 'force' | 'token'
  >,
): Record<string, unknown> {
  const { selection, mode, into, dryRun, consumersFirst, unsaved, force, token } = input;
  return {
    restore: {
      selection,
      mode,
      dryRun,
      consumersFirst,
      unsaved: unsaved ?? false,
      ...(force === true && { force }),
      into: into ?? null,
      token,
    },
  };
}

/** How names of requesters begin that are no people: tokens of the HTTP API. */
export const MACHINE = 'api:';

/** What a requester signs: who, when, and the digest of what was asked. */
export function requestToSign(
  name: string,
  at: string,
  request: unknown,
  via?: 'api',
): Record<string, string> {
  return { name, at, request: digestOf(request), ...(via && { via }) };
}

export interface RequesterRules {
  readonly approvers: readonly Approver[];
  readonly api?: ApiSigner | undefined;
  /** What was asked, as it was signed. */
  readonly request: unknown;
  /** Start of the run, milliseconds. */
  readonly startedAt: number;
  /** Where nobody may approve what they asked for themselves, it must be certain who asked. */
  readonly mustSign: boolean;
}

/**
 * Why it is not certain who asked, or undefined when it is (or need not be). Nobody goes by the name of a person of the
 * stack file without that person's signature.
 */
export function doubtAboutRequester(by: Requester, rules: RequesterRules): string | undefined {
  const { approvers } = rules;
  if (by.signed === undefined) {
    if (rules.mustSign) return 'the request is not signed';
    return approvers.some((one) => one.name === by.name) ? 'this name has to sign its requests' : undefined;
  }
  const { key, at, signature, via } = by.signed;
  if (via === undefined && !approvers.some((one) => one.name === by.name && one.key === key))
    return 'not a person of the stack file with this key';
  if (via !== undefined && rules.api?.key !== key)
    return 'the stack file names another key of the HTTP API, or none';
  if (via !== undefined && !by.name.startsWith(MACHINE) && !approvers.some((one) => one.name === by.name))
    return 'not a person of the stack file';
  if (!isSigned('request', requestToSign(by.name, at, rules.request, via), signature, key))
    return 'the signature of the request is not valid';
  const age = (rules.startedAt - Date.parse(at)) / 1000;
  return Math.abs(age) <= REQUEST_FRESH_SECONDS
    ? undefined
    : `the request was signed at ${at}, not for this run`;
}
