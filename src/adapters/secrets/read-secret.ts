import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { Secret, type SecretRef } from '../../contracts/secret.js';
import { environmentWarnings, knownInFiles } from './environment-files.js';
import { fileWarnings } from './file-warnings.js';
import type { SecretsPort } from './port.js';
import { EXAMPLE, exampleValues, whyKnown } from './variables.js';

export interface SecretsOptions {
  /** Environment of the worker. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths of secret files start from: the stack file's. */
  readonly baseFolder: string;
}

/** Reads secrets from the environment and from files of this machine. */
export function createSecrets(options: SecretsOptions): SecretsPort {
  const pathOf = (file: string): string => resolve(options.baseFolder, file);
  const valueOf = async (ref: SecretRef): Promise<string> =>
    'env' in ref ? (options.env[ref.env] ?? '') : await readSecretFile(ref.file, pathOf(ref.file));
  const config = options.env['XDG_CONFIG_HOME'];
  return {
    async resolve(ref) {
      const value = await valueOf(ref);
      if (value === '') throw new SteadyError('secret.missing', { ...ref, error: 'empty or not set' });
      return new Secret(value);
    },
    async warnings(ref) {
      const value = await valueOf(ref).catch(() => '');
      const examples = await exampleValues(join(options.baseFolder, EXAMPLE));
      const known = whyKnown(nameOf(ref), value, examples);
      const taken = known === undefined ? [] : [known];
      if ('env' in ref) return taken;
      return [...taken, ...(await fileWarnings('secret file', ref.file, pathOf(ref.file)))];
    },
    async known(refs, of) {
      const examples = await exampleValues(join(options.baseFolder, EXAMPLE));
      const found = new Set<string>(await knownInFiles(options.baseFolder, { config, ...of }));
      for (const ref of refs) {
        const why = whyKnown(nameOf(ref), await valueOf(ref).catch(() => ''), examples);
        if (why !== undefined) found.add(why);
      }
      return [...found];
    },
    environmentWarnings(of) {
      return environmentWarnings(options.baseFolder, { config, ...of });
    },
  };
}

const nameOf = (ref: SecretRef): string => ('env' in ref ? ref.env : ref.file);

/** The content without its one final newline, which editors and `echo` add. */
async function readSecretFile(name: string, path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new SteadyError(
      'secret.missing',
      { file: name, error: (error as NodeJS.ErrnoException).code },
      { cause: error },
    );
  }
}
