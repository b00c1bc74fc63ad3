import type { Command } from 'commander';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectConfig, connectionTo } from '../../client/address.js';
import { SteadyError } from '../../contracts/failures.js';
import { ROLES, type Role } from '../../contracts/names.js';
import { allowPath } from '../allow-path.js';
import { oneOfWords } from '../arguments.js';
import { contextOf, type Context } from '../context.js';
import { install, installOption } from '../install/install.js';
import { variablesOf, variablesSet } from '../install/variables.js';
import { metricsAt, metricsOption } from '../listen-options.js';
import { addTrustCommand } from './worker-trust.js';

export function addWorkerCommand(program: Command): void {
  const worker = program
    .command('worker')
    .description('run workers for a Temporal address (standard Temporal environment and profile settings)')
    .option('--site <name>', 'site this worker is at', 'main')
    .option('--roles <list>', `comma-separated of ${ROLES.join(', ')}`, ROLES.join(','))
    .option('--scratch <folder>', 'for throwaway servers and scratch files', join(tmpdir(), 'steady'))
    .option(
      '--trust <file>',
      'what it may do (`steady worker trust`); default: STEADY_TRUST, .steady/trust.json beside the stack file, ~/.config/steady/trust.json',
    )
    .addOption(metricsOption())
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'warn')
    .addOption(installOption())
    .action(
      async (
        options: {
          site: string;
          roles: string;
          scratch: string;
          trust?: string;
          metrics: string;
          logLevel: string;
          install?: string | true;
        },
        command: Command,
      ) => {
        const context = contextOf(command);
        if (options.install !== undefined) return await installWorker(context, options, options.install);
        const config = connectConfig(context.options.profile);
        const connect = connectionTo(context.options);
        const { address } = connect;
        const namespace = context.options.namespace ?? config.namespace ?? 'default';
        const { runWorker } = await import('../embedded/run-worker.js');
        await runWorker({
          connect,
          namespace,
          site: options.site,
          roles: rolesOf(options.roles),
          scratch: options.scratch,
          trustFile: () => allowPath(options.trust, context.options.config),
          logLevel: options.logLevel,
          metrics: metricsAt(options.metrics),
          onReady: ({ metrics }) => {
            context.output.line(`worker ready: ${address}, site ${options.site}, roles ${options.roles}`);
            if (metrics !== undefined) context.output.line(`metrics: ${metrics}`);
            context.output.document({
              ready: true,
              address,
              namespace,
              site: options.site,
              pid: process.pid,
              metrics,
            });
          },
        });
      },
    );
  addTrustCommand(worker);
}

/** Where there is no stack file, secrets are what its owner writes into the file of variables. */
async function installWorker(
  context: Context,
  { site, roles, metrics }: { site: string; roles: string; metrics: string },
  to: string | true,
): Promise<void> {
  rolesOf(roles);
  metricsAt(metrics);
  const file = await context.load().catch((error: unknown) => {
    if (error instanceof SteadyError && error.code === 'config.missing') return undefined;
    throw error;
  });
  const named = context.options.address !== undefined;
  const { address } = connectionTo(context.options);
  const description = `steadyhand: worker of site ${site} for Temporal at ${address}`;
  await install(
    {
      ...{
        name: `steady-worker-${site}`,
        description,
        variables: [...variablesOf(file?.stack), ...variablesSet()],
        reloads: false,
        to,
      },
      more: named ? [] : ['--address', address],
    },
    context.output,
  );
}

const rolesOf = (text: string): Role[] =>
  text.split(',').map((name) => oneOfWords('role', name.trim(), ROLES));
