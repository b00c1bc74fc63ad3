import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { Secret, type SecretRef } from '../../contracts/secret.js';
import { environmentWarnings } from './environment-files.js';
import { fileWarnings } from './file-warnings.js';
import type { SecretsPort } from './port.js';
import { EXAMPLE, exampleValues, takenFromExample } from './variables.js';

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
  return {
    async resolve(ref) {
      const value = await valueOf(ref);
      if (value === '') throw new SteadyError('secret.missing', { ...ref, error: 'empty or not set' });
      return new Secret(value);
    },
    async warnings(ref) {
      const value = await valueOf(ref).catch(() => '');
      const examples = await exampleValues(join(options.baseFolder, EXAMPLE));
      const taken = examples.has(value) ? [takenFromExample('env' in ref ? ref.env : ref.file)] : [];
      if ('env' in ref) return taken;
      return [...taken, ...(await fileWarnings('secret file', ref.file, pathOf(ref.file)))];
    },
    environmentWarnings(of) {
      const config = options.env['XDG_CONFIG_HOME'];
      return environmentWarnings(options.baseFolder, { config, ...of });
    },
  };
}

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
