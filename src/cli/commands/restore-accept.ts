import type { Command } from 'commander';
import { acceptData, targetState } from '../../client/entities.js';
import { chosen } from '../arguments.js';
import { contextOf } from '../context.js';
import { agoText } from '../words.js';

/** @param restore the command it belongs to */
export function addAcceptCommand(restore: Command): void {
  restore
    .command('accept')
    .argument('<stores...>')
    .description(
      'say that the data of a store are in order, where a restore could not put them back and somebody has mended them by hand: its backups go on, and its services are started with the others again',
    )
    .action(async (stores: string[], _options: object, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const targets = chosen(stores, Object.keys(stack.stores));
      const accepted: string[] = [];
      await context.withTemporal(async (steady) => {
        for (const target of targets) {
          const notBack = (await targetState(steady, stack, target))?.notBack;
          if (notBack === undefined) {
            context.output.line(`${target}: no restore has left its data in disorder`);
            continue;
          }
          await acceptData(steady, stack, target);
          accepted.push(target);
          context.output.line(
            `${target} counts as in order again; ${notBack.by} had left it ${agoText(notBack.at)}: ${notBack.why}`,
          );
        }
      });
      context.output.document({ accepted });
    });
}
