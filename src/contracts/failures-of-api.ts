import { kind, type FailureKind } from './failure-kind.js';

/** Failures of the HTTP API and its webhooks. */
export const API_FAILURES = {
  'token.invalid': kind(
    'not signed in',
    false,
    'Send `Authorization: Bearer TOKEN` with one that `steady token create` gave; `steady token list` says which still hold.',
  ),
  'token.forbidden': kind(
    'the token may not do this',
    false,
    'Use one with that action, stack and service: `steady token create --help`.',
  ),
  'token.unsafe': kind(
    'the file of tokens cannot be used',
    false,
    'It has to belong to the user of the API, and nobody else may read it: `chmod 600`. Made anew, its tokens are too.',
  ),
  'route.unknown': kind('no such address', false, '`/openapi.json` describes all there are.'),
  'stack.unknown': kind(
    'no such stack',
    false,
    'Stacks are those of the files that `steady server` was started with.',
  ),
  'request.reused': kind(
    'this Idempotency-Key was used for another request',
    false,
    'Use a new key for a new request; the same one is for sending the same request again.',
  ),
  'server.port-taken': kind(
    'the HTTP API cannot listen there',
    false,
    'Name another address with --listen (of `steady up`: --api), or end what has it.',
  ),
  'webhook.invalid': kind(
    'the webhook is not signed as it has to be',
    false,
    'Sign time and body with the secret that `steady token create --webhook` gave, anew for each request: docs/api.md has the recipe.',
  ),
  'webhook.replayed': kind(
    'this webhook came before',
    false,
    'Its run is named. For another one sign the request anew.',
  ),
} as const satisfies Record<string, FailureKind>;
