import { stat } from 'node:fs/promises';
import { changedParts, newCommands, readAllowed, withStack, writeAllowed } from '../config/allow-file.js';
import type { LoadedStack } from '../config/load-stack-file.js';
import { SteadyError } from '../contracts/failures.js';
import { demandOf } from '../contracts/trust.js';
import { allowPathBeside } from './allow-path.js';

/**
 * Has an allow file trust a stack file that its owner uses: all it says but programs it did not name before, for which
 * somebody has to say so.
 *
 * @returns where the new programs stand; none when the file is trusted now
 */
export async function trustButCommands(path: string, loaded: LoadedStack): Promise<string[]> {
  const demand = demandOf(loaded);
  const allowed = readAllowed(path);
  const commands = newCommands(allowed, demand).map(({ where }) => where);
  if (commands.length === 0 && changedParts(allowed, demand).length > 0)
    await writeAllowed(path, withStack(allowed, demand));
  return commands;
}

/** The same for a `steady up` of this user and this file, where there is one. */
export async function trustBeside(loaded: LoadedStack): Promise<string[]> {
  const path = allowPathBeside(loaded.path);
  if (path === undefined || (await ownerOf(path)) !== process.getuid?.()) return [];
  return await trustButCommands(path, loaded);
}

/** Uid of another user whose `steady up` has this file: it trusts what that user says, which nobody else may read. */
export async function otherUser(loaded: LoadedStack): Promise<number | undefined> {
  const path = allowPathBeside(loaded.path);
  const owner = path === undefined ? undefined : await ownerOf(path);
  return owner === process.getuid?.() ? undefined : owner;
}

const ownerOf = async (path: string): Promise<number> => (await stat(path)).uid;

/** Trusts all of it. */
export async function trustWhole(path: string, loaded: LoadedStack): Promise<void> {
  const demand = demandOf(loaded);
  const allowed = readAllowed(path);
  if (newCommands(allowed, demand).length > 0 || changedParts(allowed, demand).length > 0)
    await writeAllowed(path, withStack(allowed, demand));
}

/** Before anything is applied: what the worker would refuse at night is told now. */
export function assertNoNew(commands: readonly string[], loaded: LoadedStack): void {
  if (commands.length === 0) return;
  throw new SteadyError(
    'trust.missing',
    { stack: loaded.stack.stack, commands: commands.join(', ') },
    {
      hint: 'Nothing was applied. `steady worker trust` shows the new commands, and asks; then apply again.',
    },
  );
}
