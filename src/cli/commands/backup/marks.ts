import type { Command } from 'commander';
import { answerOf } from '../../../client/outcome.js';
import { startRun } from '../../../client/start.js';
import { resolveMoment } from '../../../config/moment.js';
import { SteadyError } from '../../../contracts/failures.js';
import type { MarkInput } from '../../../contracts/runs/procedures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { backupIdOf, oneOfWords } from '../../arguments.js';
import { ask } from '../../ask.js';
import { contextOf } from '../../context.js';
import { momentText } from '../../words.js';

interface Options {
  readonly store?: string;
  readonly reason: string;
  readonly until?: string;
}

export function addMarkCommands(backup: Command): void {
  marking(backup, 'keep', 'keep', 'keep a backup longer than retention would').option(
    '--until <date>',
    'until when; default: for ever',
  );
  marking(backup, 'accept', 'accepted', 'say that a sharply smaller backup is as it should be');
}

function marking(backup: Command, name: string, kind: 'keep' | 'accepted', description: string): Command {
  return backup
    .command(name)
    .argument('<id>')
    .option('--store <name>', 'which store it is of, where the id does not tell')
    .option('--reason <text>', 'why; it stands in the mark', '')
    .description(description)
    .action(async (given: string, options: Options, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const id = backupIdOf(given);
      const stores = Object.keys(stack.stores);
      const store = options.store === undefined ? undefined : oneOfWords('store', options.store, stores);
      const until = options.until === undefined ? undefined : untilOf(options.until, stack.timezone);
      const manifest = await ask<Manifest>(context, {
        what: 'backup',
        id,
        ...(store !== undefined && { stores: [store] }),
      });
      if (kind === 'accepted' && manifest.shrunk === undefined)
        throw new SteadyError('usage.invalid', { id, error: 'it is not flagged as sharply smaller' });
      await context.withTemporal(async (steady) => {
        const input: MarkInput = {
          version: 1,
          snapshot: await context.appliedSnapshot(steady),
          by: await context.requester(),
          store: manifest.store,
          id,
          kind,
          reason: options.reason,
          ...(until !== undefined && { until }),
        };
        await answerOf(steady, await startRun(steady, { procedure: 'mark', input }));
        const words =
          kind === 'accepted'
            ? 'accepted: it counts from now on'
            : until === undefined
              ? 'kept for ever'
              : `kept until ${momentText(until, stack.timezone)}`;
        output.line(`${manifest.store} ${id}: ${words}`);
        output.document({ store: manifest.store, id, kind, ...(until !== undefined && { until }) });
      });
    });
}

/** A moment to come: a mark that ends before it begins would keep nothing. */
function untilOf(text: string, zone: string): string {
  const until = resolveMoment(text, zone);
  if (until.getTime() <= Date.now())
    throw new SteadyError('usage.invalid', { until: text, error: 'has passed already' });
  return until.toISOString();
}
