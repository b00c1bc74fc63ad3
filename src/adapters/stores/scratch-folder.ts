import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreCall } from './port.js';

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);

/**
 * A private folder on the worker for one attempt, removed when the work is done. What an attempt killed before has
 * left is found by the prefix its marker shares with ours and removed first. Short, for a socket's path may lie in it.
 *
 * @param kind names what the folder is for, such as `redis`
 */
export async function withScratchFolder<T>(
  kind: string,
  call: StoreCall,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const prefix = `steady-${kind}-${short(call.markerPrefix)}-`;
  for (const name of await readdir(tmpdir())) {
    if (name.startsWith(prefix)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
  const folder = join(tmpdir(), prefix + short(call.marker));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
