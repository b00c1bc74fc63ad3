import { Command } from 'commander';
import { VERSION } from '../contracts/version.js';
import { addApplyCommand } from './commands/apply.js';
import { addApproveCommands } from './commands/approve.js';
import { addBackupCommands } from './commands/backup.js';
import { addCheckCommand } from './commands/check.js';
import { addControlCommands } from './commands/control.js';
import { addDeployCommands } from './commands/deploy.js';
import { addEvidenceCommands } from './commands/evidence.js';
import { addFreezeCommands } from './commands/freeze.js';
import { addHealthCommand } from './commands/health.js';
import { addJobCommands } from './commands/job.js';
import { addHistoryCommand } from './commands/history.js';
import { addIdentityCommands } from './commands/identity.js';
import { addInitCommand } from './commands/init.js';
import { addKeyCommands } from './commands/key.js';
import { addLogsCommand } from './commands/logs.js';
import { addNotifyCommands } from './commands/notify.js';
import { addRestoreCommands } from './commands/restore.js';
import { addRunCommands } from './commands/runs.js';
import { addServerCommand } from './commands/server.js';
import { addServiceCommands } from './commands/services.js';
import { addStatusCommand } from './commands/status.js';
import { addTokenCommands } from './commands/token.js';
import { addUpCommand } from './commands/up.js';
import { addWorkerCommand } from './commands/worker.js';

/** The whole command line. Wrong usage is thrown, and told by `main` in the form of all errors. */
export function createProgram(argv: readonly string[]): Command {
  const json = argv.includes('--json');
  const program = new Command('steady')
    .description('Operations runbooks that run themselves')
    .version(VERSION)
    .option('-c, --config <file|folder>', 'the stack file', 'steady.yaml')
    .option('--json', 'one JSON document on stdout')
    .option(
      '--address <host:port>',
      "Temporal's address; default: TEMPORAL_ADDRESS, the profile, or what `steady up` here uses",
    )
    .option('--namespace <name>', 'Temporal namespace')
    .option('--profile <name>', "profile of Temporal's configuration file")
    .option('--identity <file>', 'your identity; default ~/.config/steady/identity')
    .showSuggestionAfterError()
    .configureOutput({
      outputError: () => undefined,
      writeErr: (text) => void (json || process.stderr.write(text)),
    })
    .exitOverride();
  addInitCommand(program);
  addCheckCommand(program);
  addUpCommand(program);
  addWorkerCommand(program);
  addServerCommand(program);
  addApplyCommand(program);
  addStatusCommand(program);
  addRunCommands(program);
  addApproveCommands(program);
  addFreezeCommands(program);
  addServiceCommands(program);
  addDeployCommands(program);
  addJobCommands(program);
  addHistoryCommand(program);
  addControlCommands(program);
  addHealthCommand(program);
  addLogsCommand(program);
  addBackupCommands(program);
  addRestoreCommands(program);
  addIdentityCommands(program);
  addTokenCommands(program);
  addKeyCommands(program);
  addNotifyCommands(program);
  addEvidenceCommands(program);
  return program;
}
