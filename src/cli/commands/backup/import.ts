import { resolve } from 'node:path';
import type { Command } from 'commander';
import { startRun } from '../../../client/start.js';
import { resolveMoment } from '../../../config/moment.js';
import { SteadyError } from '../../../contracts/failures.js';
import type { ImportInput, ImportResult } from '../../../contracts/runs/procedures.js';
import { oneOfWords } from '../../arguments.js';
import { TIMES } from '../../backup-words.js';
import { contextOf } from '../../context.js';
import { watchRun } from '../../watch.js';
import { bytesText, table, timeText } from '../../words.js';

interface Options {
  readonly at?: string;
  readonly inside?: string;
  readonly wait: boolean;
}

export function addImportCommand(backup: Command): void {
  backup
    .command('import')
    .argument('<store>')
    .argument('<files...>', 'on the host of the worker; the files stay where they are')
    .option('--at <time>', 'when the data of the one file were taken')
    .option('--inside <folder>', 'of a tar: which folder in it is that of the store')
    .option('--no-wait', 'start it and return')
    .description('make backups of old dumps: pg_dump (plain or -Fc), RDB, tar; packed or not')
    .action(async (given: string, files: string[], options: Options, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const store = oneOfWords('store', given, Object.keys(stack.stores));
      if (options.at !== undefined && files.length > 1)
        throw new SteadyError('usage.invalid', { error: '--at goes with one file' });
      const at =
        options.at === undefined ? undefined : resolveMoment(options.at, stack.timezone).toISOString();
      await context.withTemporal(async (steady) => {
        const input: ImportInput = {
          version: 1,
          snapshot: await context.appliedSnapshot(steady),
          by: await context.requester(),
          store,
          files: files.map((file) => resolve(file)),
          ...(at !== undefined && { at }),
          ...(options.inside !== undefined && { inside: options.inside }),
        };
        const handle = await startRun(steady, { procedure: 'import', input });
        output.line(`run ${handle.workflowId}`);
        if (!options.wait) {
          output.document({ run: handle.workflowId });
          return;
        }
        const result = await watchRun<ImportResult>(steady, handle, output);
        const rows = result.imported.map((one) => [
          one.backupId,
          one.already ? 'was imported before' : `${bytesText(one.bytes ?? 0)} stored`,
          `data of ${timeText(one.takenAt, stack.timezone)}${one.already ? '' : `, ${TIMES[one.timeFrom]}`}`,
          one.file,
        ]);
        table(rows).forEach((line) => output.line(line));
        output.line('It counts for nothing until it is proven:');
        for (const { backupId } of result.imported)
          output.line(`  steady backup verify ${backupId} --depth restored`);
        output.document({ run: handle.workflowId, ...result });
      });
    });
}
