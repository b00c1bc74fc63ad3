import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { INCOMING } from '../key-rules.js';
import type { UnfinishedUpload } from '../port.js';
import { makeFolder, requireRoot, type Place } from './durable-folders.js';
import { errorCode } from './file-failure.js';

const ID_PATTERN = /^(\d{13})-[0-9a-f]{16}$/;

const folderOf = (place: Place, id: string): string => join(place.base, INCOMING, id);

/** Where an upload is written before it gets its name: `.incoming/<id>/<key>`, so a left-over tells its key. */
export async function beginUpload(place: Place, key: string): Promise<{ id: string; path: string }> {
  const id = `${String(Date.now()).padStart(13, '0')}-${randomBytes(8).toString('hex')}`;
  const path = join(folderOf(place, id), key);
  await makeFolder(place, dirname(path));
  return { id, path };
}

/** Removes what an upload wrote; fine when nothing is there. */
export async function removeUpload(place: Place, id: string): Promise<void> {
  if (!ID_PATTERN.test(id))
    throw new SteadyError('storage.key-illegal', { upload: id, says: 'not an upload id' });
  await rm(folderOf(place, id), { recursive: true, force: true });
}

/** Uploads that have begun and not ended, those still being written included, oldest first. */
export async function* unfinishedUploads(place: Place, prefix: string): AsyncGenerator<UnfinishedUpload> {
  await requireRoot(place);
  for (const id of (await namesIn(join(place.base, INCOMING))).sort()) {
    const time = ID_PATTERN.exec(id)?.[1];
    if (time === undefined) continue;
    const within = await keyIn(folderOf(place, id));
    if (within === undefined) continue;
    // A kill in the instant in which it began, or was removed, has left no key to tell.
    const key = within === '' ? `${INCOMING}/${id}` : within;
    if (key.startsWith(prefix)) yield { key, id, startedAt: new Date(Number(time)) };
  }
}

/** The one file's path below the folder; the deepest folder when a kill came before the file was made; undefined: gone. */
async function keyIn(folder: string): Promise<string | undefined> {
  const parts: string[] = [];
  for (;;) {
    const name = await firstIn(join(folder, ...parts));
    if (name === undefined && parts.length === 0) return undefined;
    if (name === undefined || name === '') return parts.join('/');
    parts.push(name);
  }
}

/** The first name in a folder; empty where there is none, undefined where it is no folder (any more). */
async function firstIn(folder: string): Promise<string | undefined> {
  try {
    return (await readdir(folder))[0] ?? '';
  } catch (error) {
    // Another process may have finished it since.
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    // Nothing was ever uploaded.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
