import type { Command } from 'commander';
import { freeze, targetState, thaw } from '../../client/entities.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { chosen } from '../arguments.js';
import { contextOf } from '../context.js';
import { agoText } from '../words.js';

export function addFreezeCommands(program: Command): void {
  program
    .command('freeze')
    .argument('[targets...]', 'stores and services; default: all stores of the stack')
    .requiredOption('--reason <text>', 'why; whoever is refused sees it')
    .description('nothing may change these until they are thawed; backups and proofs go on')
    .action(async (given: string[], options: { reason: string }, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = targetsOf(stack, given);
      const { name } = await context.requester();
      await context.withTemporal(async (steady) => {
        for (const target of targets) {
          const before = (await targetState(steady, stack, target))?.frozen;
          await freeze(steady, stack, target, {
            by: name,
            reason: options.reason,
            at: new Date().toISOString(),
          });
          context.output.line(`${target} is frozen: nothing changes it until \`steady thaw ${target}\``);
          if (before)
            context.output.line(
              `    it was already, by ${before.by} ${agoText(before.at)}, whose reason this replaces: ${before.reason}`,
            );
        }
      });
      context.output.document({ frozen: targets });
    });
  program
    .command('thaw')
    .argument('[targets...]', 'stores and services; default: all stores of the stack')
    .description('lift a freeze')
    .action(async (given: string[], _options: object, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = targetsOf(stack, given);
      const thawed: string[] = [];
      await context.withTemporal(async (steady) => {
        for (const target of targets) {
          const frozen = (await targetState(steady, stack, target))?.frozen !== undefined;
          if (frozen) {
            await thaw(steady, stack, target);
            thawed.push(target);
          }
          context.output.line(frozen ? `${target} is thawed` : `${target} was not frozen`);
        }
      });
      context.output.document({ thawed });
    });
}

/** What is named, or all stores. */
function targetsOf(stack: Stack, given: readonly string[]): readonly string[] {
  const stores = Object.keys(stack.stores);
  if (given.length === 0) return stores;
  return chosen(given, [...stores, ...Object.keys(stack.services)], 'target');
}
