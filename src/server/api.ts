import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Identity } from '../client/approvals.js';
import type { Asking } from '../client/ask/asking.js';
import type { Steady } from '../client/connect.js';
import { reachFailure } from '../client/reach.js';
import { appliedSnapshot } from '../client/snapshot.js';
import type { Once } from '../client/start.js';
import type { LoadedStack } from '../config/load-stack-file.js';
import type { Token } from '../config/tokens-file.js';
import type { Action } from '../contracts/actions.js';
import { digestOf } from '../contracts/canonical.js';
import { SteadyError } from '../contracts/failures.js';
import { assertMay, assertPerson, requesterFor, type Caller } from './caller.js';
import type { Stacks } from './stacks.js';
import type { Temporal } from './temporal.js';

/** What the routes of the API work with. */
export interface Api {
  readonly stacks: Stacks;
  readonly temporal: Temporal;
  /** As the file has them now. */
  readonly tokens: () => readonly Token[];
  /** The API's own key; its name is replaced by that of who calls. */
  readonly signer: Identity;
  /** Aborted when the API stops: answers that are waited for end. */
  readonly stopping: AbortSignal;
}

/** A request that may do what it wants. */
export interface Entered {
  readonly caller: Caller;
  readonly loaded: LoadedStack;
  readonly steady: Steady;
  asking(once?: Once): Promise<Asking>;
}

export interface Wanting {
  readonly caller: Caller;
  readonly action: Action;
  readonly stack: string;
  /** Stores and services it changes: a token for some may change no other; left out: none. */
  readonly targets?: readonly string[] | 'all' | undefined;
}

/** Lets a request in that may do what it wants: throws `token.forbidden`, `stack.unknown`, `temporal.unreachable`. */
export async function enter(api: Api, { caller, action, stack, targets }: Wanting): Promise<Entered> {
  assertMay(caller, action, { stack, targets });
  const loaded = await api.stacks.named(stack);
  assertPerson(caller, loaded.stack);
  const steady = await api.temporal.steady();
  return {
    caller,
    loaded,
    steady,
    asking: async (once) => ({
      steady,
      snapshot: await appliedSnapshot(steady, loaded),
      requester: requesterFor(caller, api.signer),
      once,
    }),
  };
}

/** Calls Temporal; that it is away is said in words of the registry. */
export async function reaching<T>(steady: Steady, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw reachFailure(error, steady);
  }
}

const KEY_HEADER = 'idempotency-key';

/**
 * The request as one that may come twice, where it has an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header):
 * the same key of the same token is the same run, for as long as Temporal keeps runs.
 */
export function onceOf(request: FastifyRequest, caller: Caller): Once | undefined {
  const key = request.headers[KEY_HEADER];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new SteadyError('usage.invalid', { [KEY_HEADER]: 'not 1 to 255 visible characters' });
  return {
    request: requestIdOf('key', caller.token.name, key),
    digest: digestOf({ url: request.url, body: request.body ?? null }),
    repeated: 'given',
  };
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Id of a request that is the same for the same words: 120 bits of their SHA-256. */
export function requestIdOf(...words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(words)).digest();
  return `once-${[...hash.subarray(0, 24)].map((byte) => CROCKFORD.charAt(byte & 31)).join('')}`;
}
