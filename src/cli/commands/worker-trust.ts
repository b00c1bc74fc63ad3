import type { Command } from 'commander';
import {
  changedParts,
  newCommands,
  readAllowed,
  withStack,
  writeAllowed,
  type Allowed,
} from '../../config/allow-file.js';
import { SteadyError } from '../../contracts/failures.js';
import { demandOf, type Demand } from '../../contracts/trust.js';
import { allowPath } from '../allow-path.js';
import { confirm } from '../confirm.js';
import { contextOf, type Context } from '../context.js';
import { assertDigest, DIGEST_SHOWN } from '../digest.js';
import { table } from '../words.js';

interface Options {
  readonly trust?: string;
  readonly yes?: boolean;
  readonly list?: boolean;
  readonly remove?: string[];
}

export function addTrustCommand(worker: Command): void {
  worker
    .command('trust')
    .description('show what the stack file has the worker here execute and reach, ask, and let it')
    .option('--trust <file>', 'the allow file')
    .option('--yes', 'do not ask')
    .option('--list', 'only print what is trusted here')
    .option('--remove <what...>', 'trust it no more: a digest, or the name of a stack')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command);
      // The file may be named before the word `trust` too.
      const options = command.optsWithGlobals<Options>();
      const file = allowPath(options.trust, context.options.config);
      if (options.remove !== undefined) return await remove(context, file, options.remove);
      if (options.list === true) return list(context, file);
      await trust(context, file, options.yes === true);
    });
}

async function trust({ load, output }: Context, file: string, yes: boolean): Promise<void> {
  const loaded = await load();
  const allowed = readAllowed(file);
  const demand = demandOf(loaded);
  const fresh = newCommands(allowed, demand);
  const changed = changedParts(allowed, demand);
  const isNew = (digest: string): boolean => fresh.some((one) => one.digest === digest);
  const shown = { file, stack: demand.stack, digest: demand.digest };
  const commands = demand.commands.map((one) => ({ ...one, new: isNew(one.digest) }));
  if (fresh.length === 0 && changed.length === 0) {
    output.line(`All that ${loaded.path} says is trusted here (${file}).`);
    output.document({ ...shown, commands, changed, trusted: true });
    return;
  }
  output.line(demand.commands.length === 0 ? 'It names no commands.' : 'The worker here would execute:');
  table(commandRows(demand, isNew)).forEach((line) => output.line(`  ${line}`));
  output.line(`New or changed in it: ${changed.join(', ') || 'nothing else'}`);
  output.line(
    `Whoever reaches Temporal could then have the worker do what ${loaded.path} says, and no other thing.`,
  );
  if (!yes) {
    if (!output.asks)
      throw new SteadyError(
        'usage.invalid',
        { error: 'nobody can be asked here (no terminal, or --json); nothing is trusted' },
        { hint: 'Read the stack file, then: steady worker trust --yes' },
      );
    await confirm(`Trust it, in ${file}?`, { input: process.stdin, output: process.stdout });
  }
  await writeAllowed(file, withStack(allowed, demand));
  output.line(`Trusted: ${file}`);
  output.document({ ...shown, commands, changed, trusted: true });
}

/** A sign, the digest, where it stands, and the command itself. */
const commandRows = ({ commands }: Demand, isNew: (digest: string) => boolean): string[][] =>
  commands.map(({ where, argv, digest }) => [
    isNew(digest) ? '+' : '=',
    digest.slice(0, DIGEST_SHOWN),
    where,
    argvText(argv),
  ]);

/** Each argument told from the next, whatever it holds. */
const argvText = (argv: readonly string[]): string =>
  argv.map((one) => (/^[\w./:=@%+,-]+$/.test(one) ? one : JSON.stringify(one))).join(' ');

function list({ output }: Context, file: string): void {
  const { commands, stacks } = readAllowed(file);
  if (stacks.length === 0) output.line(`Nothing is trusted here (${file}).`);
  const rows = [
    ...stacks.map((one) => [one.digest.slice(0, DIGEST_SHOWN), one.at, 'stack', one.stack]),
    ...commands.map((one) => [one.digest.slice(0, DIGEST_SHOWN), one.at, 'command', argvText(one.argv)]),
  ];
  table(rows).forEach((line) => output.line(line));
  output.document({ file, stacks, commands });
}

async function remove({ output }: Context, file: string, given: readonly string[]): Promise<void> {
  let allowed = readAllowed(file);
  for (const one of given) {
    const rest = without(allowed, one);
    if (rest === allowed) throw new SteadyError('usage.invalid', { remove: one, error: `not in ${file}` });
    allowed = rest;
  }
  await writeAllowed(file, allowed);
  output.line(`No longer trusted: ${given.join(', ')}. Runs in flight that need it will be refused.`);
  output.document({ file, removed: given });
}

function without(allowed: Allowed, what: string): Allowed {
  const ofStack = allowed.stacks.filter((one) => one.stack !== what);
  if (ofStack.length < allowed.stacks.length) return { ...allowed, stacks: ofStack };
  assertDigest(what);
  const stacks = allowed.stacks.filter((one) => !one.digest.startsWith(what));
  const commands = allowed.commands.filter((one) => !one.digest.startsWith(what));
  const found = stacks.length < allowed.stacks.length || commands.length < allowed.commands.length;
  return found ? { ...allowed, stacks, commands } : allowed;
}
