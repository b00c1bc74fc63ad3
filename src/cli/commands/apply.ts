import type { Command } from 'commander';
import { rememberApplied, requireWorker } from '../../client/entities.js';
import { prepareNamespace } from '../../client/namespace.js';
import { applySchedules, compareSchedules, type Change } from '../../client/schedules.js';
import { snapshotOf } from '../../client/snapshot.js';
import { startWatch } from '../../client/watch.js';
import type { Steady } from '../../client/connect.js';
import type { LoadedStack } from '../../config/load-stack-file.js';
import { assertNoNew, otherUser, trustBeside } from '../trust-beside.js';
import { warningLines } from '../warning-lines.js';
import { contextOf } from '../context.js';

export function addApplyCommand(program: Command): void {
  program
    .command('apply')
    .description('make Schedules equal the file; prints the difference')
    .option('--dry-run', 'only print it')
    .action(async (options: { dryRun?: boolean }, command: Command) => {
      const context = contextOf(command);
      const loaded = await context.load();
      warningLines(loaded.warnings).forEach((line) => context.output.warn(line));
      if (options.dryRun !== true) assertNoNew(await trustBeside(loaded), loaded);
      const other = await otherUser(loaded);
      if (other !== undefined)
        context.output.warn(
          `the steady up of this file runs as user ${other}: what has changed in it is refused until that user says \`steady worker trust\``,
        );
      const { name } = await context.requester();
      const changes = await context.withTemporal((steady) =>
        options.dryRun === true
          ? compareSchedules(steady, snapshotOf(loaded))
          : applyStack(steady, loaded, name),
      );
      for (const change of changes)
        context.output.line(`${SIGNS[change.change]} ${change.schedule}  ${change.words}`);
      if (changes.every((one) => one.change === 'none')) context.output.line('Schedules equal the file.');
      context.output.document({ applied: options.dryRun !== true, config: loaded.sha256, changes });
    });
}

const SIGNS = { create: '+', update: '~', remove: '-', none: '=' } as const;

/**
 * Schedules first, then the note of what is applied: a failure half-way is seen as `not applied`. Changes nothing when no
 * worker is there to note it.
 */
export async function applyStack(steady: Steady, loaded: LoadedStack, by: string): Promise<Change[]> {
  await prepareNamespace(steady.client.connection, steady.namespace);
  await requireWorker(steady, loaded.stack);
  const snapshot = snapshotOf(loaded);
  const changes = await applySchedules(steady, snapshot);
  await startWatch(steady, snapshot);
  await rememberApplied(steady, loaded.stack, {
    sha256: loaded.sha256,
    at: new Date().toISOString(),
    by,
    snapshot,
    text: loaded.text,
  });
  return changes;
}
