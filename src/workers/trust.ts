import { changedParts, newCommands, readAllowed } from '../config/allow-file.js';
import { SteadyError } from '../contracts/failures.js';
import { demandOf } from '../contracts/trust.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';

/** Throws `trust.missing` unless this worker's own allow file has the stack of a run, and every program it names. */
export type Trust = (snapshot: StackSnapshot) => void;

/**
 * Whoever reaches Temporal can start a run with a stack of their own making: it is what the allow file of this machine
 * says that counts. The file is read each time: what is taken out of it is refused from then on.
 */
export function createTrust(file: () => string): Trust {
  return (snapshot) => {
    const path = file();
    const allowed = readAllowed(path);
    const demand = demandOf(snapshot);
    const commands = newCommands(allowed, demand).map(({ where }) => where);
    const changed = changedParts(allowed, demand);
    if (commands.length === 0 && changed.length === 0) return;
    throw new SteadyError('trust.missing', {
      stack: demand.stack,
      ...(commands.length > 0 && { commands: commands.join(', ') }),
      ...(changed.length > 0 && { changed: changed.join(', ') }),
      file: path,
    });
  };
}
