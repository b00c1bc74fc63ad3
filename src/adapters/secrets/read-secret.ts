import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { SteadyError } from '../../contracts/failures.js';
import { Secret, type SecretRef } from '../../contracts/secret.js';
import type { SecretsPort } from './port.js';

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
      const taken = examples.has(value)
        ? [
            `${'env' in ref ? ref.env : ref.file} is the value that ${EXAMPLE} shows to everyone; make one of your own`,
          ]
        : [];
      return [...taken, ...('file' in ref ? await fileWarnings(ref.file, pathOf(ref.file)) : [])];
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
  const warnings: string[] = [];
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0)
    warnings.push(
      `secret file ${name} has mode ${mode.toString(8).padStart(4, '0')}: others can read it; chmod 600 ${name}`,
    );
  const own = process.getuid?.();
  if (own !== undefined && found.uid !== own && found.uid !== 0)
    warnings.push(
      `secret file ${name} belongs to user ${found.uid}, who can change it: not to the worker's (${own}) or root; chown ${own} ${name}`,
    );
  if (await isTracked(path))
    warnings.push(
      `secret file ${name} is tracked by git, so it is in every clone: git rm --cached ${name}, and take a new secret`,
    );
  return warnings;
}

/** What a repository shows of its environment to whoever sets it up. */
const EXAMPLE = '.env.example';
/** Shorter values, such as a port or yes, are not secrets. */
const SECRET_LENGTH = 6;

async function exampleValues(path: string): Promise<Set<string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const values = [...text.matchAll(/^\s*(?:export\s+)?\w+=(.*)$/gm)].map(([, value = '']) =>
    value.trim().replace(/^(["'])(.*)\1$/, '$2'),
  );
  return new Set(values.filter((value) => value.length >= SECRET_LENGTH));
}

/** False also where there is no git: then nothing is tracked that this machine could tell. */
async function isTracked(path: string): Promise<boolean> {
  const args = ['-C', dirname(path), 'ls-files', '--error-unmatch', '--', basename(path)];
  return await promisify(execFile)('git', args).then(
    () => true,
    () => false,
  );
}
