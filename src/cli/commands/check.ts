import type { Command } from 'commander';
import { retentionOf } from '../../client/namespace.js';
import { answerOf } from '../../client/outcome.js';
import { snapshotOf } from '../../client/snapshot.js';
import { startRun } from '../../client/start.js';
import type { CheckLine } from '../../contracts/runs/check-line.js';
import type { CheckInput } from '../../contracts/runs/procedures.js';
import { warningLines } from '../warning-lines.js';
import { contextOf } from '../context.js';
import { retentionLines, temporalLines } from '../temporal-lines.js';

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .option('--file', 'only the file, without Temporal')
    .description('validate the file, then have every site reach what it names: a line each, with a hint')
    .action(async (options: { file?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const loaded = await context.load();
      output.line(`✓ ${loaded.path} is valid`);
      warningLines(loaded.warnings).forEach((line) => output.line(line));
      if (options.file === true) {
        output.document({ valid: true, warnings: loaded.warnings, lines: [] });
        return;
      }
      const lines = await context.withTemporal(async (steady) => {
        const input: CheckInput = {
          version: 1,
          snapshot: snapshotOf(loaded),
          by: await context.requester(),
          stores: Object.keys(loaded.stack.stores),
        };
        const handle = await startRun(steady, { procedure: 'check', input });
        const seconds = await retentionOf(steady.client.connection, steady.namespace);
        const ofTemporal = [...temporalLines(steady), ...retentionLines(steady.namespace, seconds)];
        return [...ofTemporal, ...(await answerOf<CheckLine[]>(steady, handle))];
      });
      const signs = { ok: '✓', warning: '!', error: '✗' } as const;
      for (const line of lines) {
        output.line(`${signs[line.status]} ${line.what}: ${line.message}`);
        if (line.hint !== undefined && line.status !== 'ok') output.line(`    ${line.hint}`);
      }
      output.document({ valid: true, warnings: loaded.warnings, lines });
      if (lines.some((line) => line.status === 'error')) process.exitCode = 1;
    });
}
