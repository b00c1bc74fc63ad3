import type { Command } from 'commander';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { answerOf } from '../../client/outcome.js';
import { snapshotOf } from '../../client/snapshot.js';
import { startRun } from '../../client/start.js';
import { SteadyError } from '../../contracts/failures.js';
import type { LookInput } from '../../contracts/runs/procedures.js';
import type { KeyTestLine } from '../../contracts/runs/lines.js';
import { chosen } from '../arguments.js';
import { contextOf, type Context } from '../context.js';
import { table } from '../words.js';

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('age keys: backups are encrypted to their recipients');
  key
    .command('create')
    .argument('<file>', 'where the identity, the secret half, is written; never overwritten')
    .description('make an age key pair; prints the recipient, the public half, for the stack file')
    .action(async (given: string, _options: object, command: Command) => {
      const { output } = contextOf(command);
      const file = resolve(given);
      const recipient = await createKey(file);
      output.line(`The identity is in ${file}: whoever has it reads the backups.`);
      output.line('Add its recipient to storage.encryption.age.recipients in steady.yaml:');
      output.line(`  ${recipient}`);
      output.document({ file, recipient });
    });
  key
    .command('test')
    .option('--identity-file <file>', 'one of this machine; default: the one configured, on its worker')
    .option('--store <name...>', 'only these stores')
    .description('prove that an identity opens the newest backup of each store')
    .action(async (options: { identityFile?: string; store?: string[] }, command: Command) => {
      await test(contextOf(command), options);
    });
}

/** Writes an identity as age-keygen does, readable by its owner alone; gives its recipient. */
export async function createKey(file: string): Promise<string> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const text = `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${identity}\n`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const says = code === 'EEXIST' ? 'exists already, and is never overwritten' : code;
    throw new SteadyError('usage.invalid', { file, error: says }, { cause: error });
  }
  return recipient;
}

async function test(
  context: Context,
  options: { readonly identityFile?: string; readonly store?: string[] },
): Promise<void> {
  const { output } = context;
  const loaded = await context.load();
  const stores = chosen(options.store ?? [], Object.keys(loaded.stack.stores));
  const lines =
    options.identityFile === undefined
      ? await onWorker(context, stores)
      : await (
          await import('../embedded/test-identity.js')
        ).testIdentityFile(loaded, resolve(options.identityFile), stores);
  const rows = lines.map((one) => [SIGNS[one.result], one.store, WORDS[one.result], one.id ?? '']);
  table(rows).forEach((line) => output.line(line));
  const failed = lines.filter((one) => one.result === 'wrong' || one.result === 'damaged');
  if (failed.some((one) => one.result === 'wrong'))
    throw new SteadyError('key.wrong', { stores: failed.map((one) => one.store).join(',') });
  if (failed.length > 0)
    throw new SteadyError('stream.corrupt', { stores: failed.map((one) => one.store).join(',') });
  output.document({ stores: lines });
}

async function onWorker(context: Context, stores: readonly string[]): Promise<KeyTestLine[]> {
  const loaded = await context.load();
  return await context.withTemporal(async (steady) => {
    const input: LookInput = {
      version: 1,
      snapshot: snapshotOf(loaded),
      by: await context.requester(),
      what: 'keys',
      stores,
    };
    return await answerOf<KeyTestLine[]>(steady, await startRun(steady, { procedure: 'look', input }));
  });
}

const SIGNS = { opens: '✓', wrong: '✗', damaged: '✗', unknown: '?', 'not encrypted': '-', 'no backup': '-' };
const WORDS = {
  opens: 'the identity opens the newest backup',
  wrong: 'the identity does not open the newest backup',
  damaged: 'the newest backup has no age header: it is damaged',
  unknown: 'an identity of a plugin: only age itself can try it',
  'not encrypted': 'the newest backup is not encrypted',
  'no backup': 'no backup yet',
} as const;
