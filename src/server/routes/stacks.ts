import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answerOf } from '../../client/outcome.js';
import { snapshotOf } from '../../client/snapshot.js';
import { startRun } from '../../client/start.js';
import { temporalStatus } from '../../client/status.js';
import { storageState } from '../../client/entities.js';
import { actionsOf } from '../../contracts/actions.js';
import { oneOfWords } from '../../contracts/chosen.js';
import { nameSchema } from '../../contracts/names.js';
import type { RevisionLine } from '../../contracts/runs/deploy.js';
import type { ServiceHealth } from '../../contracts/runs/health.js';
import type { StoreStanding } from '../../contracts/runs/lines.js';
import type { LookInput } from '../../contracts/runs/procedures.js';
import { enter, reaching, type Api, type Entered } from '../api.js';
import { requesterFor } from '../caller.js';
import { PROBLEMS, stackParams, type Loose } from './shapes.js';

const headers = { tags: ['look'], security: [{ token: [] }] };

const stackSchema = z.object({
  stack: z.string(),
  services: z.array(z.string()),
  stores: z.array(z.string()),
  plans: z.array(z.string()),
  jobs: z.array(z.string()),
});

/** What there is, and how it stands. */
export const stackRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    /** A short run that looks, on a worker. */
    const look = async <T>(
      { steady, loaded, caller }: Entered,
      what: Pick<LookInput, 'what' | 'services'>,
    ): Promise<T> =>
      await reaching(steady, async () => {
        const input: LookInput = {
          version: 1,
          snapshot: snapshotOf(loaded),
          by: await requesterFor(caller, api.signer)(null),
          stores: Object.keys(loaded.stack.stores),
          ...what,
        };
        return await answerOf<T>(steady, await startRun(steady, { procedure: 'look', input }));
      });

    app.get(
      '/stacks',
      {
        schema: {
          ...headers,
          summary: 'Stacks that the token is for, and what it allows',
          response: {
            200: z.object({
              token: z.object({
                name: z.string(),
                person: z.string().optional(),
                actions: z.array(z.string()),
                expiresAt: z.string(),
              }),
              stacks: z.array(stackSchema),
            }),
            ...PROBLEMS,
          },
        },
      },
      async (request) => {
        const { token } = request.caller;
        const stacks = await api.stacks.all();
        return {
          token: {
            name: token.name,
            person: token.person,
            actions: [...actionsOf(token)],
            expiresAt: token.expiresAt,
          },
          stacks: stacks
            .filter((one) => token.stacks.includes(one.stack.stack))
            .map(({ stack }) => ({
              stack: stack.stack,
              services: Object.keys(stack.services),
              stores: Object.keys(stack.stores),
              plans: Object.keys(stack.plans),
              jobs: Object.keys(stack.jobs ?? {}),
            })),
        };
      },
    );

    app.get(
      '/stacks/:stack/status',
      {
        schema: {
          ...headers,
          summary: 'What runs, waits, is frozen or wants attention',
          params: stackParams,
          response: { 200: z.looseObject({ stack: z.string(), config: z.string() }), ...PROBLEMS },
        },
      },
      async (request) => {
        const { stack } = request.params;
        const { loaded, steady } = await enter(api, { caller: request.caller, action: 'read', stack });
        return await reaching(steady, async () => {
          const { applied, ...status } = await temporalStatus(steady, snapshotOf(loaded));
          const file = (await storageState(steady, loaded.stack))?.applied;
          return { stack, config: applied, appliedAt: file?.at, ...status };
        });
      },
    );
    app.get(
      '/stacks/:stack/stores',
      {
        schema: {
          ...headers,
          summary: 'Each store: its backups, and the newest that is verified',
          params: stackParams,
          response: { 200: z.object({ stores: z.array(z.looseObject({ store: z.string() })) }), ...PROBLEMS },
        },
      },
      async (request) => {
        const { stack } = request.params;
        const entered = await enter(api, { caller: request.caller, action: 'read', stack });
        return { stores: await look<Loose<StoreStanding>[]>(entered, { what: 'standings' }) };
      },
    );
    app.get(
      '/stacks/:stack/services',
      {
        schema: {
          ...headers,
          summary: 'Each service: its instances, health and revision',
          params: stackParams,
          response: {
            200: z.object({ services: z.array(z.looseObject({ service: z.string() })) }),
            ...PROBLEMS,
          },
        },
      },
      async (request) => {
        const { stack } = request.params;
        const entered = await enter(api, { caller: request.caller, action: 'read', stack });
        const services = Object.keys(entered.loaded.stack.services);
        return { services: await look<Loose<ServiceHealth>[]>(entered, { what: 'health', services }) };
      },
    );
    app.get(
      '/stacks/:stack/services/:service/history',
      {
        schema: {
          ...headers,
          summary: 'The revisions of a service: image, settings, who, when, how it went',
          params: stackParams.extend({ service: nameSchema }),
          response: {
            200: z.object({
              service: z.string(),
              revisions: z.array(z.looseObject({ number: z.number(), by: z.string(), running: z.number() })),
            }),
            ...PROBLEMS,
          },
        },
      },
      async (request) => {
        const { stack } = request.params;
        const entered = await enter(api, { caller: request.caller, action: 'read', stack });
        const service = oneOfWords(
          'service',
          request.params.service,
          Object.keys(entered.loaded.stack.services),
        );
        const revisions = await look<Loose<RevisionLine>[]>(entered, {
          what: 'revisions',
          services: [service],
        });
        return { service, revisions };
      },
    );
    done();
  };
