import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import type { Steady } from '../../../client/connect.js';
import { startBackup } from '../../../client/ask/backup.js';
import { DEPTHS } from '../../../contracts/names.js';
import type { BackupResult } from '../../../contracts/runs/procedures.js';
import { chosen, depthOf, oneOfWords } from '../../arguments.js';
import { contextOf } from '../../context.js';
import type { Output } from '../../output.js';
import { watchRun } from '../../watch.js';
import { bytesText, secondsText, table } from '../../words.js';

interface Options {
  readonly plan?: string;
  readonly verify?: string;
  readonly wait: boolean;
}

export function addRunCommand(backup: Command): void {
  backup
    .command('run')
    .argument('[stores...]', 'default: the stores of the plan, else all')
    .option('--plan <name>', 'as the schedule would run it')
    .option('--verify <depth>', `proof afterwards: ${DEPTHS.join(', ')}`)
    .option('--no-wait', 'start it and return')
    .description('take backups now')
    .action(async (given: string[], options: Options, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const verify = options.verify === undefined ? undefined : depthOf(options.verify);
      const name =
        options.plan === undefined ? undefined : oneOfWords('plan', options.plan, Object.keys(stack.plans));
      const plan = name === undefined ? undefined : stack.plans[name];
      const stores = chosen(given.length > 0 ? given : (plan?.stores ?? []), Object.keys(stack.stores));
      await context.withTemporal(async (steady) => {
        const handle = await startBackup(await context.asking(steady), {
          stores,
          ...(name !== undefined && { plan: name }),
          ...(verify !== undefined && { verify }),
        });
        await followBackup(steady, handle, { output: context.output, wait: options.wait });
      });
    });
}

/** Says which run it is, and what it gave once it is done, unless nobody waits. `more` goes with the document. */
export async function followBackup(
  steady: Steady,
  handle: WorkflowHandle,
  { output, wait, more = {} }: { output: Output; wait: boolean; more?: object },
): Promise<void> {
  output.line(`run ${handle.workflowId}`);
  if (!wait) return output.document({ run: handle.workflowId, ...more });
  const result = await watchRun<BackupResult>(steady, handle, output);
  const rows = result.stores.map((one) => [
    one.store,
    one.backupId ?? '',
    `${bytesText(one.bytes ?? 0)} stored of ${bytesText(one.rawBytes ?? 0)}`,
    `in ${secondsText(one.seconds ?? 0)}`,
    one.shrunk === true
      ? 'sharply smaller than the last one: look, then `steady backup accept`'
      : (one.proof?.depth ?? 'not proven'),
  ]);
  table(rows).forEach((line) => output.line(line));
  output.document({ run: handle.workflowId, ...more, ...result });
}
