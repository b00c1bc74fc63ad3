import type { Command } from 'commander';
import { acceptNotBack } from '../../client/accept.js';
import { targetState } from '../../client/entities.js';
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
      const { output } = context;
      const { stack } = await context.load();
      const all = Object.keys(stack.stores);
      const { name: by } = await context.requester();
      const accepted: string[] = [];
      const still: string[] = [];
      await context.withTemporal(async (steady) => {
        for (const target of chosen(stores, all)) {
          const notBack = await acceptNotBack(steady, stack, target, { by, reason: options.reason });
          if (notBack === undefined) {
            output.line(`${target}: no restore has left its data in disorder`);
            continue;
          }
          accepted.push(target);
          output.line(
            `${target} counts as in order again; ${notBack.by} had left it ${agoText(notBack.at)}: ${notBack.why}`,
          );
        }
        for (const store of all)
          if ((await targetState(steady, stack, store))?.notBack !== undefined) still.push(store);
      });
      const waiting = consumersOf(stack, still);
      const services = consumersOf(stack, accepted).filter((service) => !waiting.includes(service));
      if (services.length > 0)
        output.line(`start by hand what stands still of: ${[...services].reverse().join(', ')}`);
      output.document({ accepted, services, notBack: still });
    });
}
