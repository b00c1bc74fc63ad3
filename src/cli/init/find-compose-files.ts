import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { parseEnvText } from './compose/env-file.js';
import type { Variables } from './compose/interpolate.js';

/** In the order in which Compose looks for them. */
export const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const NAME_IT = 'name yours: steady init path/to/docker-compose.yml';

/** Text of a file; undefined when there is none. Throws `usage.invalid` when it is there and cannot be read. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SteadyError('usage.invalid', { file, error: code }, { cause: error });
  }
}

/**
 * The compose files of a command line, else those that Compose would take in the folder: by COMPOSE_FILE, or by their usual
 * names with their overrides. Absolute; throws `usage.invalid` when there are none.
 */
export function composeFiles(given: readonly string[], folder: string, environment: Variables): string[] {
  for (const file of given.map((one) => resolve(folder, one)))
    if (!existsSync(file))
      throw new SteadyError('usage.invalid', { file, error: 'no such compose file', instead: NAME_IT });
  if (given.length > 0) return given.map((one) => resolve(folder, one));

  const known = { ...parseEnvText(readText(join(folder, '.env')) ?? '', environment), ...environment };
  const listed = (known['COMPOSE_FILE'] ?? '')
    .split(known['COMPOSE_PATH_SEPARATOR'] ?? delimiter)
    .filter(Boolean);
  if (listed.length > 0) return composeFiles(listed, folder, environment);

  const name = COMPOSE_NAMES.find((one) => existsSync(join(folder, one)));
  if (name === undefined)
    throw new SteadyError('usage.invalid', {
      folder,
      error: `no compose file here (${COMPOSE_NAMES.join(', ')})`,
      instead: NAME_IT,
    });
  const [base = ''] = name.split('.');
  const override = ['yml', 'yaml']
    .map((end) => `${base}.override.${end}`)
    .find((one) => existsSync(join(folder, one)));
  return [name, ...(override === undefined ? [] : [override])].map((one) => join(folder, one));
}
