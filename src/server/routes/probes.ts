import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { VERSION } from '../../contracts/version.js';
import { reaching, type Api } from '../api.js';
import { problemSchema } from '../problem.js';

const tags = ['probes'];

/** What monitors ask, without a token: none of it tells anything of a stack. */
export const probeRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    const alive = z.object({ status: z.literal('ok'), version: z.string() });
    for (const path of ['/live', '/health'])
      app.get(
        path,
        {
          exposeHeadRoute: true,
          schema: { tags, summary: 'Whether the API itself answers', response: { 200: alive } },
        },
        () => ({ status: 'ok' as const, version: VERSION }),
      );
    app.get(
      '/ready',
      {
        exposeHeadRoute: true,
        schema: {
          tags,
          summary: 'Whether it can do something: Temporal answers, the stack files and tokens can be read',
          response: { 200: alive, '5xx': problemSchema, '4xx': problemSchema },
        },
      },
      async () => {
        const steady = await api.temporal.steady();
        await reaching(steady, () =>
          steady.client.withDeadline(Date.now() + 3000, () =>
            steady.client.connection.workflowService.getSystemInfo({}),
          ),
        );
        await api.stacks.all();
        api.tokens();
        return { status: 'ok' as const, version: VERSION };
      },
    );
    done();
  };
