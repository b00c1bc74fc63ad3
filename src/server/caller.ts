import type { WorkflowHandle } from '@temporalio/client';
import type { FastifyRequest } from 'fastify';
import { signedRequester, type Identity } from '../client/approvals.js';
import { secretSha256, type Token } from '../config/tokens-file.js';
import { actionsOf, type Action } from '../contracts/actions.js';
import { SteadyError } from '../contracts/failures.js';
import { MACHINE } from '../contracts/runs/requester.js';
import type { Requester } from '../contracts/runs/snapshot.js';
import type { Stack } from '../contracts/stack/stack.js';

/** Who calls, by the token that was sent. */
export interface Caller {
  readonly token: Token;
  /** Name in records: the person's, or `api:` and the token's. */
  readonly name: string;
}

export const callerOf = (token: Token): Caller => ({
  token,
  name: token.person ?? `${MACHINE}${token.name}`,
});

/** The caller of a request. Throws `token.invalid` for a token that is missing, unknown or over. */
export function whoCalls(
  request: Pick<FastifyRequest, 'headers'>,
  tokens: readonly Token[],
  now = Date.now(),
): Caller {
  const [, secret] = /^Bearer ([\w-]{1,200})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (secret === undefined) throw new SteadyError('token.invalid', { reason: 'no bearer token' });
  // Looked up by its hash: how long a comparison takes tells nothing of the token.
  const sha256 = secretSha256(secret);
  const token = tokens.find((one) => one.kind === 'bearer' && one.sha256 === sha256);
  if (token === undefined) throw new SteadyError('token.invalid', { reason: 'no such token' });
  assertHolds(token, now);
  return callerOf(token);
}

/** Throws `token.invalid` for one that is over. */
export function assertHolds(token: Token, now = Date.now()): void {
  if (Date.parse(token.expiresAt) <= now)
    throw new SteadyError('token.invalid', { token: token.name, reason: `it ended ${token.expiresAt}` });
}

/** Throws `token.forbidden` unless the caller may do this, there, to these. */
export function assertMay(
  { token }: Caller,
  action: Action,
  {
    stack,
    targets = [],
  }: { readonly stack: string; readonly targets?: readonly string[] | 'all' | undefined },
): void {
  const refused = (facts: Record<string, string>) =>
    new SteadyError('token.forbidden', { token: token.name, action, ...facts });
  // Before anything is looked up: whether a stack is there is no business of who may not see it.
  if (!token.stacks.includes(stack)) throw refused({ stack, allowed: token.stacks.join(',') });
  const allowed = actionsOf(token);
  if (!allowed.includes(action)) throw refused({ allowed: allowed.join(',') });
  const { services } = token;
  const beyond = services && (targets === 'all' ? 'all' : targets.find((one) => !services.includes(one)));
  if (beyond !== undefined) throw refused({ target: beyond, allowed: services?.join(',') ?? '' });
}

/** Throws `token.forbidden` for the token of a person whom the stack file does not name any more. */
export function assertPerson({ token }: Caller, { stack, approvers }: Stack): void {
  const { name, person } = token;
  if (person === undefined || approvers.some((one) => one.name === person)) return;
  throw new SteadyError('token.forbidden', {
    token: name,
    stack,
    person,
    reason: 'not under approvers in the stack file',
  });
}

/**
 * Throws `token.forbidden` for a run that changes, or may change, what a token for some services is not for. What a run
 * changes was noted as it was started; one of which nothing is noted may change anything.
 */
export async function assertMayRun({ token }: Caller, action: Action, handle: WorkflowHandle): Promise<void> {
  const { services } = token;
  if (services === undefined) return;
  const { memo } = await handle.describe();
  const changed = Array.isArray(memo?.['targets']) ? (memo['targets'] as string[]) : undefined;
  if (changed?.every((one) => services.includes(one)) === true && changed.length > 0) return;
  throw new SteadyError('token.forbidden', {
    token: token.name,
    action,
    run: handle.workflowId,
    allowed: services.join(','),
  });
}

/** A caller as who asks for a run: signed by the API's own key, on the caller's behalf. */
export const requesterFor =
  ({ name }: Caller, signer: Identity) =>
  async (request: unknown): Promise<Requester> =>
    Promise.resolve(signedRequester({ ...signer, name }, request ?? null, { via: 'api' }));
