import type { Command } from 'commander';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addressInUse, connectConfig } from '../../client/address.js';
import { ROLES, type Role } from '../../contracts/names.js';
import { oneOfWords } from '../arguments.js';
import { contextOf } from '../context.js';
import { metricsAt, metricsOption } from '../metrics-option.js';

export function addWorkerCommand(program: Command): void {
  program
    .command('worker')
    .description('run workers for a Temporal address (standard Temporal environment and profile settings)')
    .option('--site <name>', 'site this worker is at', 'main')
    .option('--roles <list>', `comma-separated of ${ROLES.join(', ')}`, ROLES.join(','))
    .option('--scratch <folder>', 'for throwaway servers and scratch files', join(tmpdir(), 'steady'))
    .addOption(metricsOption())
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'warn')
    .action(
      async (
        options: { site: string; roles: string; scratch: string; metrics: string; logLevel: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const config = connectConfig(context.options.profile);
        const address = addressInUse(context.options);
        const namespace = context.options.namespace ?? config.namespace ?? 'default';
        const { runWorker } = await import('../embedded/run-worker.js');
        await runWorker({
          connect: { ...config.connectionOptions, address },
          namespace,
          site: options.site,
          roles: rolesOf(options.roles),
          scratch: options.scratch,
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
}

const rolesOf = (text: string): Role[] =>
  text.split(',').map((name) => oneOfWords('role', name.trim(), ROLES));
