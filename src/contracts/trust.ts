import { commandDigest, digestOf } from './canonical.js';
import type { StackSnapshot } from './runs/snapshot.js';
import type { CheckConfig } from './stack/checks.js';
import type { Stack } from './stack/stack.js';

/** A program that the stack file has a worker execute. */
export interface NamedCommand {
  /** Where it stands in the file, such as `services.api.start`. */
  readonly where: string;
  readonly argv: readonly string[];
  readonly digest: string;
}

/** What a worker must trust before it carries out anything for a stack. */
export interface Demand {
  readonly stack: string;
  /** Of all the file says: where data go, which secrets go where, who decides. What is left out counts too. */
  readonly digest: string;
  /** Digest of each part, such as `stores.db`, to name what has changed. */
  readonly parts: Readonly<Record<string, string>>;
  readonly commands: readonly NamedCommand[];
}

const BY_NAME = ['stores', 'services', 'jobs', 'plans', 'checks', 'notify'];

/** Pure, and the same on every machine: the worker makes it from what it is given, never from what it is told of it. */
export function demandOf({ stack, folder }: Pick<StackSnapshot, 'stack' | 'folder'>): Demand {
  const parts: Record<string, string> = {};
  const fields: Record<string, unknown> = { ...stack, folder };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (!BY_NAME.includes(name)) parts[name] = digestOf({ value });
    else
      for (const [one, of] of Object.entries(value as Record<string, unknown>))
        parts[`${name}.${one}`] = digestOf({ of });
  }
  return { stack: stack.stack, digest: digestOf({ stack, folder }), parts, commands: commandsOf(stack) };
}

/** Every program that the file names, in its order. */
export function commandsOf(stack: Stack): NamedCommand[] {
  const found: NamedCommand[] = [];
  const add = (where: string, argv: readonly string[] | undefined): void => {
    if (argv !== undefined) found.push({ where, argv, digest: commandDigest(argv) });
  };
  const addCheck = (where: string, check: CheckConfig | undefined): void =>
    add(`${where}.command`, check?.command?.argv);
  for (const [name, store] of Object.entries(stack.stores)) {
    const { process } = store.redis ?? {};
    add(`stores.${name}.redis.process.start`, process?.start);
    add(`stores.${name}.redis.process.stop`, process?.stop);
  }
  for (const [name, service] of Object.entries(stack.services)) {
    add(`services.${name}.start`, service.start);
    add(`services.${name}.stop`, service.stop);
    addCheck(`services.${name}.health`, service.health);
  }
  for (const [name, job] of Object.entries(stack.jobs ?? {})) add(`jobs.${name}`, job.command);
  for (const [name, check] of Object.entries(stack.checks)) addCheck(`checks.${name}`, check);
  for (const [name, channel] of Object.entries(stack.notify ?? {}))
    add(`notify.${name}.command`, channel.command?.run);
  return found;
}
