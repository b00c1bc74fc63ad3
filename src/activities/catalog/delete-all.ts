import type { StoragePort } from '../../adapters/storage/port.js';
import { mapInParallel } from './in-parallel.js';

/** Deletes every object under a prefix. What is gone already is fine. */
export async function deleteAll(storage: StoragePort, prefix: string): Promise<void> {
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  await mapInParallel(found, 8, (key) => storage.delete(key));
}
