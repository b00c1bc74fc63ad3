import type { Command } from 'commander';
import type { BackupLine } from '../../../contracts/runs/lines.js';
import { ask } from '../../ask.js';
import { importedWords, keptWords, proofWords } from '../../backup-words.js';
import { contextOf } from '../../context.js';
import { agoText, bytesText, table, timeText } from '../../words.js';

export function addListCommand(backup: Command): void {
  backup
    .command('list')
    .argument('[stores...]')
    .description('backups in storage, newest last')
    .action(async (stores: string[], _options: object, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const backups = await ask<BackupLine[]>(context, { what: 'backups', stores });
      const time = (iso: string): string => timeText(iso, stack.timezone);
      const rows = backups.map((one) => [
        one.store,
        one.id,
        time(one.takenAt),
        agoText(one.takenAt),
        bytesText(one.bytes),
        proofWords(one),
        [keptWords(one, time), importedWords(one)].filter((words) => words !== '').join(', '),
      ]);
      const head = ['STORE', 'BACKUP', 'DATA OF', '', 'STORED', 'PROOF', ''];
      if (rows.length === 0) output.line('No backups yet. Take one with `steady backup run`.');
      else table([head, ...rows], [4]).forEach((line) => output.line(line));
      output.document({ backups });
    });
}
