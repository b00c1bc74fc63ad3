import type { Command } from 'commander';
import { answerOf } from '../../../client/outcome.js';
import { startRun } from '../../../client/start.js';
import type { SweepInput } from '../../../contracts/runs/procedures.js';
import type { LitterLine, SweepResult } from '../../../contracts/runs/lines.js';
import { contextOf } from '../../context.js';
import { bytesText, countText, table } from '../../words.js';

export function addSweepCommand(backup: Command): void {
  backup
    .command('sweep')
    .option('--dry-run', 'say what and why, delete nothing')
    .description('delete what belongs to no backup: left-overs of killed attempts, unfinished uploads')
    .action(async (options: { dryRun?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      await context.withTemporal(async (steady) => {
        const input: SweepInput = {
          version: 1,
          snapshot: await context.appliedSnapshot(steady),
          by: await context.requester(),
          dryRun: options.dryRun === true,
        };
        const handle = await startRun(steady, { procedure: 'sweep', input });
        const result = await answerOf<SweepResult>(steady, handle);
        const rows = result.lines.map((one) => [
          wordOf(one, result.dryRun),
          one.what,
          one.key,
          bytesText(one.bytes),
          one.why,
        ]);
        table(rows, [3]).forEach((line) => output.line(line));
        const litter = result.lines.filter((one) => (result.dryRun ? one.litter : one.deleted));
        const bytes = bytesText(litter.reduce((sum, one) => sum + one.bytes, 0));
        const verb = result.dryRun ? 'would be deleted' : 'deleted';
        output.line(
          result.lines.length === 0
            ? 'Everything in storage belongs to a backup.'
            : `${countText(litter.length, 'left-over')} ${verb}, ${bytes}`,
        );
        output.document({ run: handle.workflowId, ...result });
      });
    });
}

function wordOf(one: LitterLine, dryRun: boolean): string {
  if (one.deleted) return 'deleted';
  if (!one.litter) return 'left';
  return dryRun ? 'would delete' : 'in use, left';
}
