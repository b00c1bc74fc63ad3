import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { askedBy, decide } from '../../client/approvals.js';
import { controlRun } from '../../client/ask/control.js';
import { askWorker } from '../../client/reach.js';
import { isOpen } from '../../client/runs.js';
import { controlAskedSchema, decisionAskedSchema } from '../../contracts/asked.js';
import { SteadyError } from '../../contracts/failures.js';
import { reaching, type Api } from '../api.js';
import { enterRun } from '../enter-run.js';
import { approvalOf } from '../run-view.js';
import { approvalSchema, PROBLEMS, runParams } from './shapes.js';

const steer = { tags: ['steer'], security: [{ token: [] }] };

/** What people tell runs. */
export const steerRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    for (const decision of ['approve', 'deny'] as const)
      app.post(
        `/runs/:run/${decision}`,
        {
          schema: {
            ...steer,
            summary: `${decision === 'approve' ? 'Say yes' : 'Say no'} to what a run asks, in the name of the token’s person`,
            params: runParams,
            body: decisionAskedSchema,
            response: { 200: approvalSchema, ...PROBLEMS },
          },
        },
        async (request) => {
          const { caller, body } = request;
          const { steady, handle, loaded } = await enterRun(api, {
            caller,
            action: 'decide',
            run: request.params.run,
          });
          const { person, name: token } = caller.token;
          if (person === undefined)
            throw new SteadyError('token.forbidden', {
              token,
              action: 'decide',
              reason: 'it is of no person',
            });
          if (loaded.stack.api === undefined)
            throw new SteadyError('approval.invalid', {
              reason: 'the stack file names no key of the HTTP API: nothing it signs counts',
            });
          return await reaching(steady, async () => {
            const shown = await askWorker(steady, handle.workflowId, () => askedBy(handle));
            if (shown === undefined)
              throw new SteadyError('approval.invalid', { reason: 'nothing is asked here now' });
            if (shown.digest !== body.digest)
              throw new SteadyError('approval.invalid', {
                reason: 'the proposal has changed since it was shown; look at it again',
                digest: shown.digest,
              });
            const identity = { ...api.signer, name: person };
            const signed = { identity, shown, decision, reason: body.reason, via: 'api' } as const;
            return approvalOf(await askWorker(steady, handle.workflowId, () => decide(handle, signed)));
          });
        },
      );

    for (const what of ['pause', 'resume', 'abort'] as const)
      app.post(
        `/runs/:run/${what}`,
        {
          schema: {
            ...steer,
            summary: {
              pause: 'Have a deploy wait before its next change',
              resume: 'Have a paused deploy go on',
              abort: 'End a deploy at once: what ran before runs again',
            }[what],
            params: runParams,
            body: controlAskedSchema,
            response: { 202: z.object({ run: z.string() }), ...PROBLEMS },
          },
        },
        async (request, reply) => {
          const { caller, body } = request;
          const { steady, handle } = await enterRun(api, {
            caller,
            action: 'control',
            run: request.params.run,
          });
          await reaching(steady, () => controlRun(handle, { what, by: caller.name, reason: body.reason }));
          void reply.code(202);
          return { run: handle.workflowId };
        },
      );

    app.post(
      '/runs/:run/cancel',
      {
        schema: {
          ...steer,
          summary: 'Stop a run cleanly: what it began is put back',
          params: runParams,
          response: { 202: z.object({ run: z.string() }), ...PROBLEMS },
        },
      },
      async (request, reply) => {
        const { steady, handle } = await enterRun(api, {
          caller: request.caller,
          action: 'cancel',
          run: request.params.run,
        });
        await reaching(steady, async () => {
          if (!(await isOpen(handle)))
            throw new SteadyError('usage.invalid', { run: handle.workflowId, error: 'it has ended already' });
          await handle.cancel();
        });
        void reply.code(202);
        return { run: handle.workflowId };
      },
    );
    done();
  };
