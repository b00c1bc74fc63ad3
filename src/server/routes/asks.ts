import type { WorkflowHandle } from '@temporalio/client';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { startBackup } from '../../client/ask/backup.js';
import type { Asking } from '../../client/ask/asking.js';
import { startDeploy } from '../../client/ask/deploy.js';
import { startJob } from '../../client/ask/job.js';
import { startServices } from '../../client/ask/services.js';
import type { Action } from '../../contracts/actions.js';
import {
  backupAskedSchema,
  deployAskedSchema,
  jobAskedSchema,
  rollbackAskedSchema,
  scaleAskedSchema,
  servicesAskedSchema,
} from '../../contracts/asked.js';
import { chosen, eachOnce, oneOfWords } from '../../contracts/chosen.js';
import { nameSchema } from '../../contracts/names.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { enter, onceOf, reaching, type Api } from '../api.js';
import { assertMay } from '../caller.js';
import { deployOf, rollbackOf, scaleOf, servicesNamed } from '../asked.js';
import { PROBLEMS, stackParams, startedSchema } from './shapes.js';

const answers = { 202: startedSchema, ...PROBLEMS };
const headers = { tags: ['start'], security: [{ token: [] }] };

/** What starts runs, an address a procedure. Each takes an Idempotency-Key. */
export const askRoutes =
  (api: Api): FastifyPluginCallbackZod =>
  (app, _options, done) => {
    /** Starts what is asked for and answers with its run. */
    const start = async (
      { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
      {
        stack,
        action,
        targets,
        begin,
      }: {
        readonly stack: string;
        readonly action: Action;
        readonly targets?: readonly string[] | 'all';
        readonly begin: (asking: Asking, stack: Stack) => Promise<WorkflowHandle>;
      },
    ): Promise<{ run: string }> => {
      const entered = await enter(api, { caller: request.caller, action, stack, targets });
      const { workflowId } = await reaching(entered.steady, async () => {
        const asking = await entered.asking(onceOf(request, request.caller));
        return await begin(asking, entered.loaded.stack);
      });
      void reply.code(202).header('location', `/v1/runs/${workflowId}`);
      return { run: workflowId };
    };

    app.post(
      '/stacks/:stack/deploys',
      {
        schema: {
          ...headers,
          summary: 'Run another version of services',
          params: stackParams,
          body: deployAskedSchema,
          response: answers,
        },
      },
      (request, reply) =>
        start(
          { request, reply },
          {
            stack: request.params.stack,
            action: 'deploy',
            targets: servicesNamed(request.body.services),
            begin: (asking, stack) => startDeploy(asking, deployOf(request.body, stack)),
          },
        ),
    );
    app.post(
      '/stacks/:stack/rollbacks',
      {
        schema: {
          ...headers,
          summary: 'Run what ran well before',
          params: stackParams,
          body: rollbackAskedSchema,
          response: answers,
        },
      },
      (request, reply) =>
        start(
          { request, reply },
          {
            stack: request.params.stack,
            action: 'rollback',
            targets: request.body.services,
            begin: (asking, stack) => startDeploy(asking, rollbackOf(request.body, stack)),
          },
        ),
    );
    app.post(
      '/stacks/:stack/scalings',
      {
        schema: {
          ...headers,
          summary: 'Run more or fewer instances of services',
          params: stackParams,
          body: scaleAskedSchema,
          response: answers,
        },
      },
      (request, reply) =>
        start(
          { request, reply },
          {
            stack: request.params.stack,
            action: 'scale',
            targets: servicesNamed(request.body.services),
            begin: (asking, stack) => startDeploy(asking, scaleOf(request.body, stack)),
          },
        ),
    );
    for (const verb of ['restart', 'stop', 'start'] as const)
      app.post(
        `/stacks/:stack/${verb}s`,
        {
          schema: {
            ...headers,
            summary: `${verb.charAt(0).toUpperCase()}${verb.slice(1)} services`,
            params: stackParams,
            body: servicesAskedSchema,
            response: answers,
          },
        },
        (request, reply) =>
          start(
            { request, reply },
            {
              stack: request.params.stack,
              action: 'services',
              targets: request.body.dependents ? 'all' : request.body.services,
              begin: (asking, { services: all }) => {
                const services = eachOnce(request.body.services, Object.keys(all));
                const { reason, dependents } = request.body;
                return startServices(asking, { verb, services, dependents, reason });
              },
            },
          ),
      );
    app.post(
      '/stacks/:stack/backups',
      {
        schema: {
          ...headers,
          summary: 'Take backups now',
          params: stackParams,
          body: backupAskedSchema,
          response: answers,
        },
      },
      (request, reply) =>
        start(
          { request, reply },
          {
            stack: request.params.stack,
            action: 'backup',
            targets: request.body.stores.length > 0 ? request.body.stores : 'all',
            begin: (asking, stack) => {
              const { plan, verify, stores } = request.body;
              const name = plan && oneOfWords('plan', plan, Object.keys(stack.plans));
              const ofPlan = name === undefined ? [] : (stack.plans[name]?.stores ?? []);
              return startBackup(asking, {
                stores: chosen(stores.length > 0 ? stores : ofPlan, Object.keys(stack.stores)),
                ...(name && { plan: name }),
                ...(verify && { verify }),
              });
            },
          },
        ),
    );
    app.post(
      '/stacks/:stack/jobs/:job/runs',
      {
        schema: {
          ...headers,
          summary: 'Run a job of the stack file',
          params: stackParams.extend({ job: nameSchema }),
          body: jobAskedSchema,
          response: answers,
        },
      },
      (request, reply) =>
        start(
          { request, reply },
          {
            stack: request.params.stack,
            action: 'job',
            begin: (asking, stack) => {
              const job = oneOfWords('job', request.params.job, Object.keys(stack.jobs ?? {}));
              const { service } = stack.jobs?.[job] ?? {};
              const targets = service === undefined ? ('all' as const) : [service];
              assertMay(request.caller, 'job', { stack: stack.stack, targets });
              return startJob(asking, { job, reason: request.body.reason });
            },
          },
        ),
    );
    done();
  };
