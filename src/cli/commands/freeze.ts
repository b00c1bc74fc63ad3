import type { Command } from 'commander';
import { freeze, targetState, thaw } from '../../client/entities.js';
import { chosen } from '../arguments.js';
import { contextOf } from '../context.js';
import { agoText } from '../words.js';

export function addFreezeCommands(program: Command): void {
  program
    .command('freeze')
    .argument('[stores...]', 'default: all stores of the stack')
    .requiredOption('--reason <text>', 'why; whoever is refused sees it')
    .description('nothing may change these stores until they are thawed; backups and proofs go on')
    .action(async (stores: string[], options: { reason: string }, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = chosen(stores, Object.keys(stack.stores));
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
    .argument('[stores...]', 'default: all stores of the stack')
    .description('lift a freeze')
    .action(async (stores: string[], _options: object, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = chosen(stores, Object.keys(stack.stores));
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
