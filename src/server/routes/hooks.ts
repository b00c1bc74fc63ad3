import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { startDeploy } from '../../client/ask/deploy.js';
import type { Token } from '../../config/tokens-file.js';
import { hookAskedSchema } from '../../contracts/asked.js';
import { digestOf } from '../../contracts/canonical.js';
import { SteadyError } from '../../contracts/failures.js';
import { nameSchema } from '../../contracts/names.js';
import { enter, reaching, requestIdOf, type Api } from '../api.js';
import { deployOf, rollbackOf, servicesNamed } from '../asked.js';
import { assertHolds, callerOf } from '../caller.js';
import { PROBLEMS, stackParams, startedSchema } from './shapes.js';

/** How far the time of a signature may be from now: one that was seen long ago says nothing of now. */
const FRESH_SECONDS = 300;
const SIGNATURE_HEADER = 'steady-signature';

/** Where CD systems say what to do, signed with a secret they share with the API instead of sent with a token. */
export const hookRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    // What is signed are the bytes as they came.
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, parsed) => {
      request.rawBody = body as Buffer;
      try {
        parsed(null, JSON.parse((body as Buffer).toString('utf8')));
      } catch {
        parsed(new SteadyError('usage.invalid', { error: 'the body is no JSON' }));
      }
    });

    app.post(
      '/hooks/:stack/:hook',
      {
        schema: {
          tags: ['start'],
          security: [{ signature: [] }],
          summary: 'A signed webhook: deploy or roll back; each signature is good for one request',
          params: stackParams.extend({ hook: nameSchema }),
          body: hookAskedSchema,
          response: { 202: startedSchema, ...PROBLEMS },
        },
        // Before the body is looked at: who did not sign it learns nothing of what it should be.
        preValidation: (request, _reply, next) => {
          const { hook } = request.params as { hook?: string };
          request.caller = callerOf(
            assertSigned(api.tokens(), {
              hook: hook ?? '',
              header: request.headers[SIGNATURE_HEADER],
              body: request.rawBody,
            }),
          );
          next();
        },
      },
      async (request, reply) => {
        const { stack } = request.params;
        const { caller, body } = request;
        const targets = body.action === 'deploy' ? servicesNamed(body.services) : body.services;
        const { steady, loaded, asking } = await enter(api, { caller, action: body.action, stack, targets });
        // The signature names the run: a second one with it is known by that, also after a restart.
        const once = {
          request: requestIdOf('webhook', caller.token.name, String(request.headers[SIGNATURE_HEADER])),
          digest: digestOf(body),
          repeated: 'refused',
        } as const;
        const { workflowId } = await reaching(steady, async () => {
          const { action, ...asked } = body;
          const wanted =
            action === 'deploy'
              ? deployOf(asked as Parameters<typeof deployOf>[0], loaded.stack)
              : rollbackOf(asked as Parameters<typeof rollbackOf>[0], loaded.stack);
          return await startDeploy(await asking(once), wanted);
        });
        void reply.code(202).header('location', `/v1/runs/${workflowId}`);
        return { run: workflowId };
      },
    );
    done();
  };

/**
 * The webhook that a request is signed for: `Steady-Signature: t=SECONDS,v1=HEX`, HMAC-SHA-256 (RFC 2104) over
 * `SECONDS.BODY`. Throws `webhook.invalid`.
 */
export function assertSigned(
  tokens: readonly Token[],
  given: { readonly hook: string; readonly header: unknown; readonly body: Buffer | undefined },
  now = Date.now(),
): Token {
  const { hook } = given;
  const refused = (reason: string) => new SteadyError('webhook.invalid', { hook, reason });
  const [, time = '', signature = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(String(given.header)) ?? [];
  if (signature === '') throw refused('Steady-Signature is missing, or not t=SECONDS,v1=HEX');
  const token = tokens.find((one) => one.kind === 'webhook' && one.name === hook);
  // One that is not there is as one with another secret: names cannot be tried out.
  const key = token?.secret ?? 'none';
  const right = createHmac('sha256', key)
    .update(`${time}.`)
    .update(given.body ?? Buffer.alloc(0))
    .digest();
  const same = timingSafeEqual(right, Buffer.from(signature, 'hex'));
  if (token === undefined || !same) throw refused('the signature is not valid');
  if (Math.abs(now / 1000 - Number(time)) > FRESH_SECONDS)
    throw refused(`signed more than ${FRESH_SECONDS} s away from now`);
  assertHolds(token, now);
  return token;
}
