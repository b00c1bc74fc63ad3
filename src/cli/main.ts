#!/usr/bin/env node
import { CommanderError } from 'commander';
import { SteadyError } from '../contracts/failures.js';
import { exitCodeOf } from '../contracts/exit-code.js';
import { createProgram } from './program.js';
import { tellFailure } from './tell-failure.js';

/** Runs a command line; gives the exit code. Never a stack trace for what a user can cause. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram(argv).parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = failureOf(error);
    tellFailure(failure, { json: argv.includes('--json') });
    return exitCodeOf(failure.code);
  }
}

function failureOf(error: unknown): SteadyError {
  if (error instanceof SteadyError) return error;
  if (error instanceof CommanderError) {
    const says = error.code === 'commander.help' ? 'a command is missing' : usageWords(error.message);
    return new SteadyError('usage.invalid', { error: says }, { cause: error });
  }
  const says = error instanceof Error ? error.message : String(error);
  return new SteadyError('internal', { error: says }, { cause: error });
}

/** `error: unknown option '--x'\n(Did you mean --y?)` as one sentence. */
const usageWords = (text: string): string =>
  text
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();

// A reader that has seen enough (`| head`) is no failure.
// Output that is lost otherwise, such as on a full disk, is one; what was begun goes on all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  if (process.listenerCount('exit', failOnExit) === 0) {
    process.stderr.write(`error: output is lost: ${error.message}\n`);
    process.on('exit', failOnExit);
  }
});
function failOnExit(): void {
  process.exitCode ||= 1;
}
process.on('uncaughtException', (error) => {
  const failure = failureOf(error);
  tellFailure(failure, { json: process.argv.includes('--json') });
  process.exit(exitCodeOf(failure.code));
});

process.exitCode = await main(process.argv.slice(2));
// What nobody waits for any more, such as a call that Temporal's client is about to try again on a closed connection,
// neither keeps the command nor changes how it ended.
await Promise.all([process.stdout, process.stderr].map((to) => new Promise((done) => to.write('', done))));
process.exit();
