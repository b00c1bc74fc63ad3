import type { Command } from 'commander';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf } from '../context.js';
import { initFromCompose } from '../init/init-from-compose.js';

const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .argument('[compose-file]', `default: ${COMPOSE_NAMES.join(', ')} here`)
    .option('--keys <folder>', 'where the proof worker’s age key is written', '.steady')
    .option('--no-encryption', 'make no age keys')
    .description('look at a compose file, propose steady.yaml; never overwrites one')
    .action(
      async (given: string | undefined, options: { keys: string; encryption: boolean }, command: Command) => {
        const { output, options: globals } = contextOf(command);
        const target = resolve(globals.config);
        if (existsSync(target))
          throw new SteadyError('usage.invalid', { file: target, error: 'exists already' });
        const composeFile = resolve(
          given ?? COMPOSE_NAMES.find((name) => existsSync(name)) ?? 'docker-compose.yml',
        );
        const text = await readFile(composeFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw new SteadyError('usage.invalid', { file: composeFile, error: error.code });
        });
        const folder = dirname(target);
        // Proposed before keys are made: a compose file that cannot be read must leave nothing behind.
        const base = { fileName: relative(folder, composeFile) || basename(composeFile), folder };
        initFromCompose(text, base);
        const keys = options.encryption ? await makeKeys(resolve(folder, options.keys)) : undefined;
        const { yaml, notes } = initFromCompose(text, {
          ...base,
          ...(keys && { recipients: keys.recipients, identityFile: relative(folder, keys.identityFile) }),
        });
        await writeFile(target, yaml, { flag: 'wx' });
        output.line(`Wrote ${target}. Look it over, then run: steady check --file`);
        notes.forEach((note) => output.line(`- ${note}`));
        if (keys) {
          output.line(`The proof worker's key is in ${keys.identityFile}.`);
          output.line(
            'The offline key is shown only now. Keep it elsewhere: it opens your backups when this machine is gone.',
          );
          output.line(`  ${keys.offlineIdentity}`);
        }
        output.document({
          file: target,
          notes,
          ...(keys && {
            recipients: keys.recipients,
            identityFile: keys.identityFile,
            offlineIdentity: keys.offlineIdentity,
          }),
        });
      },
    );
}

/** Two age keys: the proof worker's in a file, the offline one only shown. */
async function makeKeys(folder: string) {
  const [proof, offlineIdentity] = [await generateX25519Identity(), await generateX25519Identity()];
  const recipients = {
    proof: await identityToRecipient(proof),
    offline: await identityToRecipient(offlineIdentity),
  };
  const identityFile = join(folder, 'proof.key');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(identityFile, `${proof}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new SteadyError('usage.invalid', {
      file: identityFile,
      error: (error as NodeJS.ErrnoException).code,
    });
  }
  return { recipients, identityFile, offlineIdentity };
}
