import type { Command } from 'commander';
import { addBackfillCommand } from './backup/backfill.js';
import { addImportCommand } from './backup/import.js';
import { addListCommand } from './backup/list.js';
import { addMarkCommands } from './backup/marks.js';
import { addPruneCommand } from './backup/prune.js';
import { addRunCommand } from './backup/run.js';
import { addShowCommand } from './backup/show.js';
import { addSweepCommand } from './backup/sweep.js';
import { addVerifyCommand } from './backup/verify.js';

export function addBackupCommands(program: Command): void {
  const backup = program.command('backup').description('take, list, prove and keep backups');
  addRunCommand(backup);
  addBackfillCommand(backup);
  addListCommand(backup);
  addImportCommand(backup);
  addShowCommand(backup);
  addVerifyCommand(backup);
  addPruneCommand(backup);
  addMarkCommands(backup);
  addSweepCommand(backup);
}
