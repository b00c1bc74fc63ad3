import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { Secret, type SecretRef } from '../../contracts/secret.js';
import type { SecretsPort } from './port.js';

export interface SecretsOptions {
  /** Environment of the worker. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths of secret files start from: the stack file's. */
  readonly baseFolder: string;
}

export interface Secrets extends SecretsPort {
  /** What is unwise about how a secret is kept, a sentence each; none for one that is not there. */
  warnings(ref: SecretRef): Promise<string[]>;
}

/** Reads secrets from the environment and from files of this machine. */
export function createSecrets(options: SecretsOptions): Secrets {
  const pathOf = (file: string): string => resolve(options.baseFolder, file);
  return {
    async resolve(ref) {
      const value =
        'env' in ref ? (options.env[ref.env] ?? '') : await readSecretFile(ref.file, pathOf(ref.file));
      if (value === '') throw new SteadyError('secret.missing', { ...ref, error: 'empty or not set' });
      return new Secret(value);
    },
    async warnings(ref) {
      return 'file' in ref ? fileWarnings(ref.file, pathOf(ref.file)) : [];
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

async function fileWarnings(name: string, path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  const mode = found.mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  return [
    `secret file ${name} has mode ${mode.toString(8).padStart(4, '0')}: others can read it; chmod 600 ${name}`,
  ];
}
