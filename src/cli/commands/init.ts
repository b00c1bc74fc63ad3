import type { Command } from 'commander';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf } from '../context.js';
import { initFromCompose } from '../init/init-from-compose.js';
import { createKey } from './key.js';

const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

interface Options {
  readonly keys: string;
  readonly encryption: boolean;
}

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .argument('[compose-file]', `default: ${COMPOSE_NAMES.join(', ')} here`)
    .option('--keys <folder>', 'where the proof worker’s age key is written', '.steady')
    .option('--no-encryption', 'make no age keys')
    .description('look at a compose file, propose steady.yaml; never overwrites one')
    .action(async (given: string | undefined, options: Options, command: Command) => {
      const { output, options: globals } = contextOf(command);
      const target = resolve(globals.config);
      if (existsSync(target))
        throw new SteadyError('usage.invalid', { file: target, error: 'exists already' });
      const folder = dirname(target);
      if (!(await isFolder(folder)))
        throw new SteadyError('usage.invalid', { folder, error: 'no such folder' });
      const composeFile = resolve(
        given ?? COMPOSE_NAMES.find((name) => existsSync(name)) ?? 'docker-compose.yml',
      );
      const text = await readFile(composeFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new SteadyError('usage.invalid', { file: composeFile, error: error.code });
      });
      const base = { fileName: relative(folder, composeFile) || basename(composeFile), folder };
      // Proposed before keys are made: a compose file that cannot be read must leave nothing behind.
      initFromCompose(text, base);
      const keys = options.encryption ? await makeKeys(resolve(folder, options.keys)) : undefined;
      const { yaml, notes } = initFromCompose(text, {
        ...base,
        ...(keys && { recipients: keys.recipients, identityFile: relative(folder, keys.identityFile) }),
      });
      try {
        await writeFile(target, yaml, { flag: 'wx' });
      } catch (error) {
        if (keys) await rm(keys.identityFile, { force: true });
        const { code } = error as NodeJS.ErrnoException;
        throw new SteadyError('usage.invalid', { file: target, error: code }, { cause: error });
      }
      output.line(`Wrote ${target}. Look it over, then run: steady check --file`);
      notes.forEach((note) => output.line(`- ${note}`));
      if (keys) {
        output.line(`The proof worker's key is in ${keys.identityFile}.`);
        output.line(
          'The offline key is shown only now. Keep it elsewhere: it opens your backups when this machine is gone.',
        );
        output.line(`  ${keys.offlineIdentity}`);
      }
      output.document({ file: target, notes, ...keys });
    });
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Two age keys: the proof worker's in a file, the offline one only shown. */
async function makeKeys(folder: string) {
  const identityFile = join(folder, 'proof.key');
  const proof = await createKey(identityFile);
  const offlineIdentity = await generateX25519Identity();
  const recipients = { proof, offline: await identityToRecipient(offlineIdentity) };
  return { recipients, identityFile, offlineIdentity };
}
