import { Readable } from 'node:stream';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { askedBy } from '../../client/approvals.js';
import { askWorker } from '../../client/reach.js';
import { listRuns } from '../../client/runs.js';
import { SteadyError } from '../../contracts/failures.js';
import { enter, reaching, type Api } from '../api.js';
import { enterRun } from '../enter-run.js';
import { eventsOf, untilEnded } from '../follow-run.js';
import { approvalOf, runOf } from '../run-view.js';
import {
  approvalSchema,
  PROBLEMS,
  runLineSchema,
  runParams,
  runSchema,
  stackParams,
  type Loose,
} from './shapes.js';

const look = { tags: ['look'], security: [{ token: [] }] };

const LONGEST_WAIT_SECONDS = 60;
/** What runs do. */
export const runRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    app.get(
      '/stacks/:stack/runs',
      {
        schema: {
          ...look,
          summary: 'Runs, newest first',
          params: stackParams,
          querystring: z.object({
            open: z.stringbool().optional().describe('only those still running'),
            procedure: z
              .string()
              .regex(/^[a-z-]{1,40}$/, 'must be the name of a procedure, such as deploy')
              .optional(),
            limit: z.coerce.number().int().min(1).max(500).default(50),
          }),
          response: { 200: z.object({ runs: z.array(runLineSchema) }), ...PROBLEMS },
        },
      },
      async (request) => {
        const { stack } = request.params;
        const { steady } = await enter(api, { caller: request.caller, action: 'read', stack });
        const { open, procedure, limit } = request.query;
        const asked = { stack, limit, open: open === true, ...(procedure && { procedure }) };
        const runs = await reaching(steady, () => listRuns(steady, asked));
        return { runs: runs as Loose<(typeof runs)[number]>[] };
      },
    );

    app.get(
      '/runs/:run',
      {
        schema: {
          ...look,
          summary: 'A run as it stands, or once it has ended',
          params: runParams,
          querystring: z.object({
            wait: z.coerce
              .number()
              .min(0)
              .max(LONGEST_WAIT_SECONDS)
              .default(0)
              .describe('answer when it has ended, or so many seconds later'),
          }),
          response: { 200: runSchema, ...PROBLEMS },
        },
      },
      async (request) => {
        const { steady, handle } = await enterRun(api, {
          caller: request.caller,
          action: 'read',
          run: request.params.run,
        });
        return await reaching(steady, async () => {
          const stop = AbortSignal.any([request.signal, api.stopping]);
          await untilEnded(steady, handle, { seconds: request.query.wait, stop });
          return await runOf(steady, handle);
        });
      },
    );

    app.get(
      '/runs/:run/events',
      {
        schema: {
          ...look,
          summary:
            'A run as server-sent events: `run` when something of it has changed, `end` as it has ended',
          params: runParams,
          produces: ['text/event-stream'],
          response: { 200: z.string(), ...PROBLEMS },
        },
      },
      async (request, reply) => {
        const { steady, handle } = await enterRun(api, {
          caller: request.caller,
          action: 'read',
          run: request.params.run,
        });
        const stop = AbortSignal.any([request.signal, api.stopping]);
        void reply
          .header('content-type', 'text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          // nginx would keep them until it has a buffer full.
          .header('x-accel-buffering', 'no');
        return reply.send(Readable.from(eventsOf(steady, handle, stop)) as unknown as string);
      },
    );

    app.get(
      '/runs/:run/approval',
      {
        schema: {
          ...look,
          summary: 'What a run asks, and what was answered',
          params: runParams,
          response: { 200: approvalSchema, ...PROBLEMS },
        },
      },
      async (request) => {
        const { steady, handle } = await enterRun(api, {
          caller: request.caller,
          action: 'read',
          run: request.params.run,
        });
        const asked = await reaching(steady, () =>
          askWorker(steady, handle.workflowId, () => askedBy(handle)),
        );
        if (asked === undefined)
          throw new SteadyError('approval.invalid', { reason: 'nothing is asked here now' });
        return approvalOf(asked);
      },
    );

    done();
  };
