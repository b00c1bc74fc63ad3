#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { formatProblems, StackFileError } from '../config/problems.js';
import { SteadyError } from '../contracts/failures.js';
import { addApplyCommand } from './commands/apply.js';
import { addApproveCommands } from './commands/approve.js';
import { addBackupCommands } from './commands/backup.js';
import { addCheckCommand } from './commands/check.js';
import { addFreezeCommands } from './commands/freeze.js';
import { addIdentityCommands } from './commands/identity.js';
import { addInitCommand } from './commands/init.js';
import { addRestoreCommands } from './commands/restore.js';
import { addRunCommands } from './commands/runs.js';
import { addStatusCommand } from './commands/status.js';
import { addUpCommand } from './commands/up.js';
import { addWorkerCommand } from './commands/worker.js';
import { exitCodeOf } from './exit-code.js';

export function createProgram(): Command {
  const program = new Command('steady')
    .description('Operations runbooks that run themselves')
    .version('0.1.0')
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
    .exitOverride();
  addInitCommand(program);
  addCheckCommand(program);
  addUpCommand(program);
  addWorkerCommand(program);
  addApplyCommand(program);
  addStatusCommand(program);
  addRunCommands(program);
  addApproveCommands(program);
  addFreezeCommands(program);
  addBackupCommands(program);
  addRestoreCommands(program);
  addIdentityCommands(program);
  return program;
}

/** Runs a command line; gives the exit code. Never a stack trace for what a user can cause. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const failure =
      error instanceof SteadyError
        ? error
        : new SteadyError(
            'internal',
            { error: error instanceof Error ? error.message : String(error) },
            { cause: error },
          );
    tell(failure, json);
    return exitCodeOf(failure.code);
  }
}

function tell(failure: SteadyError, json: boolean): void {
  const problems = failure instanceof StackFileError ? formatProblems(failure.problems) : undefined;
  if (json) {
    const { code, message, hint } = failure;
    process.stdout.write(
      `${JSON.stringify({ error: { code, message, hint, ...(failure instanceof StackFileError && { problems: failure.problems }) } })}\n`,
    );
    return;
  }
  process.stderr.write(
    `${problems ?? `error: ${failure.message}`}\n  code: ${failure.code}\n  hint: ${failure.hint}\n`,
  );
  if (failure.code === 'internal' && process.env['STEADY_DEBUG'])
    process.stderr.write(`${String((failure.cause as Error).stack)}\n`);
}

process.exitCode = await main(process.argv.slice(2));
