import type { Command } from 'commander';
import { resolveMoment } from '../../../config/moment.js';
import { SteadyError } from '../../../contracts/failures.js';
import type { BackupLine } from '../../../contracts/runs/lines.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { backupIdOf, oneOfWords } from '../../arguments.js';
import { ask } from '../../ask.js';
import { contextOf, type Context } from '../../context.js';
import { momentText } from '../../words.js';
import { markAfter, startMark } from './mark-after.js';

interface Options {
  readonly store?: string;
  readonly reason: string;
  readonly until?: string;
  readonly suspect?: boolean;
  readonly after?: string;
  readonly dryRun?: boolean;
}

type Kind = 'keep' | 'accepted' | 'suspect';

export function addMarkCommands(backup: Command): void {
  marking(backup, 'keep', 'keep', 'keep a backup longer than retention would')
    .argument('<id>')
    .option('--reason <text>', 'why; it stands in the mark', '')
    .option(
      '--until <date>',
      'until when; default: for ever. Where storage locks, nobody can delete it before',
    );
  manyToo(
    marking(backup, 'accept', 'accepted', 'let backups that are suspect or sharply smaller count again'),
  ).option('--reason <text>', 'why; it stands in the mark', '');
  manyToo(
    marking(backup, 'mark', 'suspect', 'say that backups are not to be relied on, such as after a breach'),
  )
    .requiredOption(
      '--suspect',
      'out of `latest`, of proofs by plan and of what retention counts; none is deleted',
    )
    .requiredOption('--reason <text>', 'why; it stands in the mark');
}

const manyToo = (command: Command): Command =>
  command
    .argument('[id]', 'one backup; else --after')
    .option('--after <time>', 'all with data of this moment or later; a date means its first moment')
    .option('--dry-run', 'with --after: say which, mark none');

function marking(backup: Command, name: string, kind: Kind, description: string): Command {
  return backup
    .command(name)
    .option('--store <name>', 'of one store only')
    .description(description)
    .action(async (given: string | undefined, options: Options, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const stores = Object.keys(stack.stores);
      const store = options.store === undefined ? undefined : oneOfWords('store', options.store, stores);
      if ((given === undefined) === (options.after === undefined))
        throw new SteadyError('usage.invalid', { error: 'either the id of a backup, or --after TIME' });
      if (given !== undefined) return await markOne(context, { id: backupIdOf(given), store, kind, options });
      if (kind === 'keep') return;
      await markAfter(context, {
        stores: store === undefined ? stores : [store],
        after: resolveMoment(options.after ?? '', stack.timezone, { dateMeans: 'start' }).toISOString(),
        kind,
        reason: options.reason,
        dryRun: options.dryRun === true,
      });
    });
}

async function markOne(
  context: Context,
  of: { id: string; store: string | undefined; kind: Kind; options: Options },
): Promise<void> {
  const { id, kind, options } = of;
  const { output } = context;
  const { timezone, storage } = (await context.load()).stack;
  if (options.dryRun === true)
    throw new SteadyError('usage.invalid', { error: '--dry-run goes with --after' });
  const until = options.until === undefined ? undefined : untilOf(options.until, timezone);
  const { store } = await ask<Manifest>(context, {
    what: 'backup',
    id,
    ...(of.store !== undefined && { stores: [of.store] }),
  });
  if (kind === 'accepted') await refuseUnsuspected(context, store, id);
  await startMark(context, {
    ...{ store, id, kind, reason: options.reason },
    ...(until !== undefined && { until }),
  });
  const words = {
    accepted: 'accepted: it counts from now on',
    suspect: 'marked suspect: it counts for nothing from now on',
    keep:
      until === undefined
        ? 'kept for ever'
        : `kept until ${momentText(until, timezone)}${storage.lock === undefined ? '' : ', and locked so long'}`,
  };
  output.line(`${store} ${id}: ${words[kind]}`);
  output.document({ store, id, kind, ...(until !== undefined && { until }) });
}

async function refuseUnsuspected(context: Context, store: string, id: string): Promise<void> {
  const lines = await ask<BackupLine[]>(context, { what: 'backups', stores: [store] });
  if (lines.find((one) => one.id === id)?.suspect !== true)
    throw new SteadyError('usage.invalid', {
      id,
      error: 'it is neither suspect nor flagged as sharply smaller',
    });
}

/** A moment to come: a mark that ends before it begins would keep nothing. */
function untilOf(text: string, zone: string): string {
  const until = resolveMoment(text, zone);
  if (until.getTime() <= Date.now())
    throw new SteadyError('usage.invalid', { until: text, error: 'has passed already' });
  return until.toISOString();
}
