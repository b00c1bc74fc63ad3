import type { Command } from 'commander';
import { freezeTargets, targetsOf, thawTarget } from '../../client/ask/freezes.js';
import { resolveMoment } from '../../config/moment.js';
import { SteadyError } from '../../contracts/failures.js';
import { parseDuration } from '../../contracts/stack/units.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { chosen } from '../arguments.js';
import { contextOf } from '../context.js';
import { agoText, momentText } from '../words.js';

interface FreezeOptions {
  readonly reason: string;
  readonly all?: boolean;
  readonly until?: string;
  readonly for?: string;
}

export function addFreezeCommands(program: Command): void {
  program
    .command('freeze')
    .argument('[targets...]', 'stores and services; default: all stores of the stack')
    .requiredOption('--reason <text>', 'why; whoever is refused sees it')
    .option('--all', 'all stores and all services')
    .option('--until <time>', 'a date or time at which it ends by itself')
    .option('--for <duration>', 'how long, such as 48h')
    .description('nothing may change these until they are thawed; backups and proofs go on')
    .action(async (given: string[], options: FreezeOptions, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = meantBy(stack, given, options.all);
      const until = endOf(options, stack.timezone);
      const { name } = await context.requester();
      await context.withTemporal(async (steady) => {
        const end = until && momentText(until.toISOString(), stack.timezone);
        const asked = {
          targets,
          by: name,
          reason: options.reason,
          ...(until && { until: until.toISOString() }),
        };
        await freezeTargets(steady, stack, asked, ({ target, before }) => {
          context.output.line(
            `${target} is frozen: nothing changes it until ${end === undefined ? '' : `${end}, or until `}\`steady thaw ${target}\``,
          );
          if (before)
            context.output.line(
              `    it was already, by ${before.by} ${agoText(before.at)}, whose reason this replaces: ${before.reason}`,
            );
        });
      });
      context.output.document({ frozen: targets, ...(until && { until: until.toISOString() }) });
    });
  program
    .command('thaw')
    .argument('[targets...]', 'stores and services; default: all stores of the stack')
    .option('--all', 'all stores and all services')
    .description('lift a freeze')
    .action(async (given: string[], options: { all?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = meantBy(stack, given, options.all);
      const thawed: string[] = [];
      await context.withTemporal(async (steady) => {
        for (const target of targets) {
          const frozen = await thawTarget(steady, stack, target);
          if (frozen) thawed.push(target);
          context.output.line(frozen ? `${target} is thawed` : `${target} was not frozen`);
        }
      });
      context.output.document({ thawed });
    });
}

/** What is named, or all stores. */
function meantBy(stack: Stack, given: readonly string[], all = false): readonly string[] {
  const stores = Object.keys(stack.stores);
  const everything = targetsOf(stack);
  if (all && given.length > 0)
    throw new SteadyError('usage.invalid', { error: 'name targets, or --all', targets: given.join() });
  if (given.length === 0) return all ? everything : stores;
  return chosen(given, everything, 'target');
}

/** When a freeze ends by itself; undefined: never. */
function endOf(options: FreezeOptions, zone: string): Date | undefined {
  if (options.until !== undefined && options.for !== undefined)
    throw new SteadyError('usage.invalid', { error: '--until or --for, not both' });
  if (options.for !== undefined) {
    const seconds = parseDuration(options.for) ?? 0;
    if (seconds === 0)
      throw new SteadyError('usage.invalid', { for: options.for, allowed: 'a duration such as 48h' });
    return new Date(Date.now() + seconds * 1000);
  }
  if (options.until === undefined) return undefined;
  const end = resolveMoment(options.until, zone);
  if (end.getTime() <= Date.now())
    throw new SteadyError('usage.invalid', { until: options.until, error: 'that is over' });
  return end;
}
