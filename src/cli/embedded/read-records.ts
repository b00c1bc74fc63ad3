import { mapInParallel } from '../../activities/catalog/in-parallel.js';
import type { LoadedStack } from '../../config/load-stack-file.js';
import type { StoredRecord } from '../../contracts/evidence.js';
import { SteadyError } from '../../contracts/failures.js';
import { keys } from '../../contracts/keys.js';
import { readDocument } from '../../activities/catalog/documents.js';
import { setSchema, type BackupSet } from '../../contracts/stored/others.js';
import { openStorage } from './open-storage.js';

/** All records of a stack in order of their numbers, byte for byte, and where they lie. */
export async function readRecords(loaded: LoadedStack): Promise<{
  readonly location: string;
  readonly records: StoredRecord[];
  /** Sets with the head of the chain as it was when they were written. */
  readonly sets: readonly BackupSet[];
  /** Sets that cannot be read, with why. */
  readonly unread: readonly string[];
}> {
  const storage = await openStorage(loaded);
  // Sets first: a record that is written meanwhile is no head that one of them could name.
  const written: string[] = [];
  for await (const object of storage.list(keys.setPrefix())) written.push(object.key);
  const unread: string[] = [];
  const sets = await mapInParallel(written, 8, (key) =>
    readDocument(storage, key, setSchema).catch((error: unknown) => {
      if (!isOfOneFile(error)) throw error;
      unread.push(error.message);
      return undefined;
    }),
  );
  const found: string[] = [];
  for await (const object of storage.list(keys.recordPrefix())) found.push(object.key);
  const records = await mapInParallel(found, 8, async (key) => {
    const bytes = await storage.read(key);
    if (bytes === undefined) throw new SteadyError('storage.missing', { key });
    return { key, bytes };
  });
  return { location: storage.location, records, sets: sets.filter((one) => one !== undefined), unread };
}

/** Damaged, or of a newer version: no reason to leave the chain unjudged. */
const isOfOneFile = (error: unknown): error is SteadyError =>
  error instanceof SteadyError && (error.code === 'storage.damaged' || error.code === 'storage.future');
