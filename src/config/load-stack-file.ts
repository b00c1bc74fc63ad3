import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SteadyError } from '../contracts/failures.js';
import { parseStackText, type ParsedStack, type ParseOptions } from './parse-stack-text.js';
import { StackFileError } from './problems.js';

export const STACK_FILE_NAME = 'steady.yaml';

/** Larger than any stack file: 1 MiB. */
export const MAX_STACK_FILE_BYTES = 1_048_576;

export interface LoadedStack extends ParsedStack {
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of its folder: relative paths in the file begin here. */
  readonly folder: string;
  readonly text: string;
}

/**
 * Loads a stack file, or the `steady.yaml` of a folder. Throws `config.missing` when there is none,
 * {@link StackFileError} (`config.invalid`) with all problems when it is not valid.
 */
export async function loadStackFile(path: string, options: ParseOptions = {}): Promise<LoadedStack> {
  let full = resolve(path);
  let facts = await stat(full).catch(absent(path));
  if (facts.isDirectory()) {
    full = join(full, STACK_FILE_NAME);
    facts = await stat(full).catch(absent(join(path, STACK_FILE_NAME)));
  }
  const name = basename(full);
  const refuse = (message: string) =>
    new StackFileError(name, [{ file: name, line: 1, column: 1, field: '', message }]);
  if (!facts.isFile()) throw refuse('not a file');
  if (facts.size > MAX_STACK_FILE_BYTES) throw refuse(`larger than 1 MiB (${facts.size} bytes)`);
  const bytes = await readFile(full).catch((error: unknown) => {
    throw refuse(`cannot be read (${codeOf(error)})`);
  });
  const text = decode(bytes);
  if (text === undefined) throw refuse('not UTF-8 text');
  const folder = dirname(full);
  return { ...parseStackText(text, name, { folder, ...options }), path: full, folder, text };
}

/** UTF-8 as text, without a byte order mark; undefined when it is none. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const absent = (path: string) => (error: unknown) => {
  throw new SteadyError('config.missing', { path, reason: codeOf(error) }, { cause: error });
};

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
