import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKeys, INCOMING } from '../key-rules.js';
import type { ListedObject } from '../port.js';
import { requireRoot, type Place } from './durable-folders.js';
import { errorCode } from './file-failure.js';

/** Files under a prefix in order of key. A folder that cannot be read is an error, never an empty one. */
export async function* walk(place: Place, prefix: string): AsyncGenerator<ListedObject> {
  await requireRoot(place);
  yield* walkFolder(place, '', prefix);
}

async function* walkFolder(place: Place, folder: string, prefix: string): AsyncGenerator<ListedObject> {
  for (const key of await keysIn(place, folder, prefix)) {
    if (key.endsWith('/')) {
      yield* walkFolder(place, key, prefix);
      continue;
    }
    const found = await stat(join(place.base, key)).catch(unlessGone);
    if (found) yield { key, bytes: found.size, modifiedAt: found.mtime };
  }
}

/** Keys of one folder that the prefix touches, in order; folders end in `/`, which is where the order puts them. */
async function keysIn(place: Place, folder: string, prefix: string): Promise<string[]> {
  const entries = (await readdir(join(place.base, folder), { withFileTypes: true }).catch(unlessGone)) ?? [];
  return entries
    .filter((entry) => !(folder === '' && entry.name === INCOMING))
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .filter((key) => key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key)))
    .sort(compareKeys);
}

/** What another process deleted meanwhile is not there: that is no failure of the listing. */
function unlessGone(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
  return undefined;
}
