import { mkdir, open, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { errorCode } from './file-failure.js';

/** Where one stack's objects lie: `base` = `<root>/<stack>`. */
export interface Place {
  readonly root: string;
  readonly base: string;
}

/** Owner only: an unencrypted backup holds password hashes. */
export const FOLDER_MODE = 0o700;

/**
 * Throws `storage.unreachable` when the root folder is not there. It is never made: where a disk should be mounted, a
 * new folder would fill the disk the backups are to protect.
 */
export async function requireRoot(place: Place): Promise<void> {
  const found = await stat(place.root).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found?.isDirectory()) return;
  const says = found
    ? 'it is not a folder'
    : 'the folder does not exist: is its disk mounted? It is not created';
  // No time mends it by itself: a person has to.
  throw new SteadyError('storage.unreachable', { storage: place.root, says }, { retryable: false });
}

/** The folder and its parents up to, not including, the root. Deepest first. */
function upToRoot(place: Place, folder: string): string[] {
  const folders: string[] = [];
  for (let at = folder; at !== place.root && at !== dirname(at); at = dirname(at)) folders.push(at);
  return folders;
}

/** Makes a folder under the root with its parents; the root itself must be there. Safe to repeat. */
export async function makeFolder(place: Place, folder: string): Promise<void> {
  await requireRoot(place);
  for (const path of upToRoot(place, folder).reverse()) {
    await mkdir(path, { mode: FOLDER_MODE }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a name in a folder outlast a power cut: the folder and each of its parents, since another process may have
 * made one of them a moment ago and not synced it yet.
 */
export async function syncUpToRoot(place: Place, folder: string): Promise<void> {
  for (const path of [...upToRoot(place, folder), place.root]) await syncFolder(path);
}

/** Removes a folder and its parents below the base as long as they are empty. */
export async function removeEmpty(place: Place, folder: string): Promise<void> {
  for (let at = folder; at !== place.base && at !== place.root && at !== dirname(at); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') return;
    }
  }
}
