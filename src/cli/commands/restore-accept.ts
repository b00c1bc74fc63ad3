import type { Command } from 'commander';
import { acceptData, targetState } from '../../client/entities.js';
import { consumersOf } from '../../contracts/stack/dependencies.js';
import { chosen } from '../arguments.js';
import { contextOf } from '../context.js';
import { agoText } from '../words.js';

/** @param restore the command it belongs to */
export function addAcceptCommand(restore: Command): void {
  restore
    .command('accept')
    .argument('<stores...>')
    .requiredOption('--reason <text>', 'what was done; it stands at the store')
    .description(
      'say that the data of a store are in order, where a restore could not put them back and somebody has mended them by hand: its backups go on, and restores start its services again',
    )
    .action(async (stores: string[], options: { reason: string }, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = chosen(stores, Object.keys(stack.stores));
      const { name: by } = await context.requester();
      const accepted: string[] = [];
      await context.withTemporal(async (steady) => {
        for (const target of targets) {
          const notBack = (await targetState(steady, stack, target))?.notBack;
          if (notBack === undefined) {
            context.output.line(`${target}: no restore has left its data in disorder`);
            continue;
          }
          const at = new Date().toISOString();
          await acceptData(steady, stack, target, { by, at, reason: options.reason, seen: notBack.at });
          accepted.push(target);
          context.output.line(
            `${target} counts as in order again; ${notBack.by} had left it ${agoText(notBack.at)}: ${notBack.why}`,
          );
        }
      });
      const services = consumersOf(stack, accepted);
      if (services.length > 0)
        context.output.line(`start by hand what stands still of: ${[...services].reverse().join(', ')}`);
      context.output.document({ accepted, services });
    });
}
