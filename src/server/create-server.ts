import swagger from '@fastify/swagger';
import Fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ServerOptions } from 'node:https';
import { STATUS_CODES } from 'node:http';
import { SteadyError } from '../contracts/failures.js';
import { VERSION } from '../contracts/version.js';
import type { Api } from './api.js';
import { whoCalls, type Caller } from './caller.js';
import { addMetrics } from './metrics.js';
import { problemOf } from './problem.js';
import { askRoutes } from './routes/asks.js';
import { freezeRoutes } from './routes/freezes.js';
import { hookRoutes } from './routes/hooks.js';
import { probeRoutes } from './routes/probes.js';
import { runRoutes } from './routes/runs.js';
import { steerRoutes } from './routes/steer.js';
import { stackRoutes } from './routes/stacks.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of routes that need a token or a signature. */
    caller: Caller;
    /** Of webhooks: the body as it came. */
    rawBody: Buffer | undefined;
  }
}

/** Larger than any request: 256 KiB. */
const MOST_BYTES = 262_144;
/** A request whose end does not come is given up: 30 s. */
const REQUEST_MS = 30_000;

export interface CreateServerOptions {
  readonly logger: NonNullable<FastifyServerOptions['loggerInstance']>;
  readonly tls?: Pick<ServerOptions, 'cert' | 'key'> | undefined;
}

/** The HTTP API, not yet listening. */
export async function createServer(api: Api, { logger, tls }: CreateServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: logger,
    ...(tls && { https: tls }),
    bodyLimit: MOST_BYTES,
    // An address that is none, before any route is looked for.
    frameworkErrors: tell,
    requestTimeout: REQUEST_MS,
    // Each is told once, when it is answered.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // HEAD of a run's events would read them to their end; monitors may ask so for what is open.
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller');
  app.decorateRequest('rawBody', undefined);

  app.setErrorHandler(tell);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    tell(new SteadyError('route.unknown', { method: request.method, path }), request, reply);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url, caller } = request as typeof request & { caller?: Caller };
    const words = `${method} ${url} ${reply.statusCode} ${STATUS_CODES[reply.statusCode] ?? ''}`.trim();
    const facts = { by: caller?.name, token: caller?.token.name, ms: Math.round(reply.elapsedTime) };
    const level = reply.statusCode >= 500 ? 'warn' : method === 'GET' ? 'debug' : 'info';
    request.log[level](facts, words);
    done();
  });

  addMetrics(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'steadyhand',
        version: VERSION,
        description: 'Operations runbooks that run themselves: docs/api.md has examples.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'of `steady token create`' },
          signature: {
            type: 'apiKey',
            in: 'header',
            name: 'Steady-Signature',
            description: 't=SECONDS,v1=HEX: HMAC-SHA-256 over SECONDS, a point and the body',
          },
        },
      },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(probeRoutes(api));
  await app.register(
    (signed, _options, done) => {
      signed.addHook('onRequest', (request, _reply, next) => {
        request.caller = whoCalls(request, api.tokens());
        next();
      });
      for (const routes of [stackRoutes, runRoutes, steerRoutes, askRoutes, freezeRoutes])
        void signed.register(routes(api));
      done();
    },
    { prefix: '/v1' },
  );
  await app.register(hookRoutes(api), { prefix: '/v1' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  return app;
}

/** Answers with what went wrong, as problem details. */
function tell(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  // Of a defect only the log may know more.
  if (problem.code === 'internal') request.log.error({ err: error }, `${request.method} ${request.url}`);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (problem.status === 503) void reply.header('retry-after', '5');
  void reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}
