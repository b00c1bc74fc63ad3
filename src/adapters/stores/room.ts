import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { noSpaceLine } from '../../pipelines/no-space.js';
import type { StorePort } from './port.js';

/** Free bytes where a folder is, or will be made. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === dirname(folder)) throw error;
    return freeBytes(dirname(folder));
  }
}

/**
 * @param wanted bytes; undefined when nobody can tell, which is no reason to refuse
 * @param what will lie there, for people
 * @throws `store.no-room`
 */
export async function assertRoom(folder: string, wanted: number | undefined, what: string): Promise<void> {
  if (wanted === undefined) return;
  const free = await freeBytes(folder);
  if (free < wanted) throw new SteadyError('store.no-room', { folder, free, wanted, for: what });
}

/**
 * A store whose load fails with `store.no-room` when a tool found the disk full, as its own words tell: loading again
 * would only fill it again, and beside the live data that is the disk they live on.
 */
export const namingNoRoom = (store: StorePort): StorePort => ({
  ...store,
  load: (...of) =>
    store.load(...of).catch((error: unknown) => {
      throw noRoomOf(error);
    }),
});

function noRoomOf(error: unknown): unknown {
  if (!(error instanceof SteadyError) || error.code !== 'tool.failed') return error;
  if (noSpaceLine(String(error.facts['says'] ?? '')) === undefined) return error;
  return new SteadyError('store.no-room', error.facts, { cause: error });
}
