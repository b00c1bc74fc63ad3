import { readFile } from 'node:fs/promises';
import { testIdentity } from '../../activities/keys.js';
import type { LoadedStack } from '../../config/load-stack-file.js';
import { SteadyError } from '../../contracts/failures.js';
import type { KeyTestLine } from '../../contracts/runs/lines.js';
import { Secret } from '../../contracts/secret.js';
import { openStorage } from './open-storage.js';

/** Tries an identity file of this machine on the newest backup of each store: only a header is read, by this process. */
export async function testIdentityFile(
  loaded: LoadedStack,
  file: string,
  stores: readonly string[],
): Promise<KeyTestLine[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SteadyError('usage.invalid', { identity_file: file, error: error.code }, { cause: error });
  });
  return await testIdentity(await openStorage(loaded), stores, new Secret(text));
}
