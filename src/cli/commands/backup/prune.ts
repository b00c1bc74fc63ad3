import type { Command } from 'commander';
import { answerOf } from '../../../client/outcome.js';
import { startRun } from '../../../client/start.js';
import type { PruneInput, PruneLine, PruneResult } from '../../../contracts/runs/procedures.js';
import { chosen } from '../../arguments.js';
import { contextOf } from '../../context.js';
import { bytesText, countText, table, timeText } from '../../words.js';

export function addPruneCommand(backup: Command): void {
  backup
    .command('prune')
    .argument('[stores...]')
    .option('--dry-run', 'say what and why, delete nothing')
    .description('delete what the plans no longer keep')
    .action(async (given: string[], options: { dryRun?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const stores = chosen(given, Object.keys(stack.stores));
      await context.withTemporal(async (steady) => {
        const input: PruneInput = {
          version: 1,
          snapshot: await context.appliedSnapshot(steady),
          by: await context.requester(),
          stores,
          dryRun: options.dryRun === true,
        };
        const handle = await startRun(steady, { procedure: 'prune', input });
        const result = await answerOf<PruneResult>(steady, handle);
        const rows = result.lines.map((one) => [
          wordOf(one, result.dryRun, (iso) => timeText(iso, stack.timezone)),
          one.store,
          one.id,
          bytesText(one.bytes),
          one.why,
        ]);
        table(rows, [3]).forEach((line) => output.line(line));
        const unwanted = result.lines.filter((one) => !one.keep && one.lockedUntil === undefined);
        const bytes = bytesText(unwanted.reduce((sum, one) => sum + one.bytes, 0));
        const verb = result.dryRun ? 'would be deleted' : 'deleted';
        output.line(`${countText(unwanted.length, 'backup')} ${verb}, ${bytes}`);
        output.document({ run: handle.workflowId, ...result });
      });
    });
}

function wordOf(one: PruneLine, dryRun: boolean, time: (iso: string) => string): string {
  if (one.keep) return 'keep';
  if (one.lockedUntil !== undefined) return `locked until ${time(one.lockedUntil)}`;
  if (one.deleted) return 'deleted';
  return dryRun ? 'would delete' : 'in use, left';
}
