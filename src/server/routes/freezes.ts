import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { freezeTargets, targetsOf, thawTarget } from '../../client/ask/freezes.js';
import { targetState } from '../../client/entities.js';
import { freezeAskedSchema } from '../../contracts/asked.js';
import { chosen, oneOfWords } from '../../contracts/chosen.js';
import { SteadyError } from '../../contracts/failures.js';
import { nameSchema } from '../../contracts/names.js';
import { enter, reaching, type Api } from '../api.js';
import { PROBLEMS, stackParams } from './shapes.js';

const headers = { tags: ['freeze'], security: [{ token: [] }] };
const freezeSchema = z.object({
  target: z.string(),
  by: z.string(),
  reason: z.string(),
  at: z.string(),
  until: z.string().optional(),
});

/** What nothing may change. */
export const freezeRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    app.get(
      '/stacks/:stack/freezes',
      {
        schema: {
          ...headers,
          summary: 'Stores and services that are frozen',
          params: stackParams,
          response: { 200: z.object({ freezes: z.array(freezeSchema) }), ...PROBLEMS },
        },
      },
      async (request) => {
        const { stack } = request.params;
        const { loaded, steady } = await enter(api, { caller: request.caller, action: 'read', stack });
        return await reaching(steady, async () => {
          const states = await Promise.all(
            targetsOf(loaded.stack).map(async (target) => ({
              target,
              state: await targetState(steady, loaded.stack, target),
            })),
          );
          const freezes = states.flatMap(({ target, state }) =>
            state?.frozen === undefined ? [] : [{ target, ...state.frozen }],
          );
          return { freezes };
        });
      },
    );
    app.post(
      '/stacks/:stack/freezes',
      {
        schema: {
          ...headers,
          summary: 'Let nothing change stores and services; backups and proofs go on',
          params: stackParams,
          body: freezeAskedSchema,
          response: { 201: z.object({ frozen: z.array(z.string()) }), ...PROBLEMS },
        },
      },
      async (request, reply) => {
        const { stack } = request.params;
        const { targets, reason, until } = request.body;
        const { loaded, steady, caller } = await enter(api, {
          ...{ caller: request.caller, action: 'freeze', stack, targets },
        });
        const named = chosen(targets, targetsOf(loaded.stack), 'target');
        if (until !== undefined && Date.parse(until) <= Date.now())
          throw new SteadyError('usage.invalid', { until, error: 'that is over' });
        const end = until === undefined ? {} : { until: new Date(until).toISOString() };
        await reaching(steady, () =>
          freezeTargets(steady, loaded.stack, { targets: named, by: caller.name, reason, ...end }),
        );
        void reply.code(201);
        return { frozen: [...named] };
      },
    );
    app.delete(
      '/stacks/:stack/freezes/:target',
      {
        schema: {
          ...headers,
          summary: 'Lift a freeze',
          params: stackParams.extend({ target: nameSchema }),
          response: { 200: z.object({ thawed: z.boolean() }), ...PROBLEMS },
        },
      },
      async (request) => {
        const { stack, target } = request.params;
        const { loaded, steady } = await enter(api, {
          ...{ caller: request.caller, action: 'freeze', stack, targets: [target] },
        });
        const named = oneOfWords('target', target, targetsOf(loaded.stack));
        return { thawed: await reaching(steady, () => thawTarget(steady, loaded.stack, named)) };
      },
    );
    done();
  };
