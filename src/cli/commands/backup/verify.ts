import type { Command } from 'commander';
import { startRun } from '../../../client/start.js';
import { DEPTHS } from '../../../contracts/names.js';
import type { VerifyInput, VerifyResult } from '../../../contracts/runs/procedures.js';
import { chosen, depthOf, selectionText } from '../../arguments.js';
import { contextOf } from '../../context.js';
import { watchRun } from '../../watch.js';
import { secondsText, table } from '../../words.js';

export function addVerifyCommand(backup: Command): void {
  backup
    .command('verify')
    .argument('[what]', 'a backup, a set, a date or latest', 'latest')
    .option('--store <name...>', 'only these stores')
    .option('--depth <depth>', DEPTHS.join(', '), 'readable')
    .option('--no-wait', 'start it and return')
    .description('prove backups')
    .action(
      async (what: string, options: { store?: string[]; depth: string; wait: boolean }, command: Command) => {
        const context = contextOf(command);
        const { output } = context;
        const { stack } = await context.load();
        const all = Object.keys(stack.stores);
        const depth = depthOf(options.depth);
        const selection = {
          text: selectionText(what, stack.timezone, all),
          stores: chosen(options.store ?? [], all),
          unverified: true,
        };
        await context.withTemporal(async (steady) => {
          const input: VerifyInput = {
            version: 1,
            snapshot: await context.appliedSnapshot(steady),
            by: await context.requester(),
            depth,
            selection,
          };
          const handle = await startRun(steady, { procedure: 'verify', input });
          output.line(`run ${handle.workflowId}`);
          if (!options.wait) {
            output.document({ run: handle.workflowId });
            return;
          }
          const result = await watchRun<VerifyResult>(steady, handle, output);
          const rows = result.proofs.map((one) => [
            '✓',
            one.store,
            one.id,
            one.depth,
            `in ${secondsText(one.seconds)}`,
          ]);
          table(rows).forEach((line) => output.line(line));
          output.document({ run: handle.workflowId, ...result });
        });
      },
    );
}
