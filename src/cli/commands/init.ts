import type { Command } from 'commander';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf } from '../context.js';
import { loadComposeProject } from '../init/compose/load-project.js';
import { composeFiles, readText } from '../init/find-compose-files.js';
import { initFromCompose } from '../init/init-from-compose.js';
import { findOtherBackups } from '../init/other-backups.js';
import { PROPOSED_STORAGE } from '../init/write-steady-yaml.js';
import { createKey } from './key.js';

interface Options {
  readonly keys: string;
  readonly encryption: boolean;
}

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .argument(
      '[compose-files...]',
      'as Compose takes them with -f; default: those it finds here, overrides too',
    )
    .option('--keys <folder>', 'where the proof worker’s age key is written', '.steady')
    .option('--no-encryption', 'make no age keys')
    .description('look at compose files, propose steady.yaml; never overwrites one')
    .action(async (given: readonly string[], options: Options, command: Command) => {
      const { output, options: globals } = contextOf(command);
      const target = resolve(globals.config);
      if (existsSync(target))
        throw new SteadyError('usage.invalid', {
          file: target,
          error: 'exists already, and is never overwritten',
          instead: 'move it away, or propose another: steady init -c other.yaml',
        });
      const folder = dirname(target);
      if (!(await isFolder(folder)))
        throw new SteadyError('usage.invalid', { folder, error: 'no such folder: mkdir it first' });
      const environment = environmentHere();
      const files = composeFiles(given, process.cwd(), environment);
      const shown = (path: string): string => relative(folder, path) || basename(path);
      const project = loadComposeProject({ files, read: readText, environment, shown });
      const base = { fileNames: files.map(shown), otherBackups: await findOtherBackups(project.folder) };
      // Proposed before keys are made: a compose file that cannot be used must leave nothing behind.
      initFromCompose(project, base);
      const keys = options.encryption ? await makeKeys(resolve(folder, options.keys)) : undefined;
      const { yaml, notes, secrets } = initFromCompose(project, {
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
      const storage = resolve(folder, PROPOSED_STORAGE);
      const made = await makeStorage(storage);
      output.line(`Wrote ${target}. Look it over, then run: steady check --file`);
      output.line(made);
      notes.forEach((note) => output.line(`- ${note}`));
      if (secrets.length > 0)
        output.line(`Set where \`steady up\` is started, which reads no .env: ${secrets.join(', ')}`);
      if (keys) {
        output.line(`The proof worker's key is in ${keys.identityFile}.`);
        output.line(
          'The offline key is shown only now. Keep it elsewhere: it opens your backups when this machine is gone.',
        );
        output.line(`  ${keys.offlineIdentity}`);
      }
      output.document({ file: target, storage, notes, secrets, ...keys });
    });
}

function environmentHere(): Record<string, string> {
  const set = Object.entries(process.env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Record<string, string>;
}

/** Makes the folder for backups, which no worker would: a disk that is not mounted must not be written beneath. */
async function makeStorage(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    return `Backups go to ${path}, ${made === undefined ? 'which is there' : 'made now, for you alone'}. A disk of its own is better.`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `Backups go to ${path}, which could not be made (${code}): mkdir it, or name another in steady.yaml.`;
  }
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
