import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of all files in a folder, at any depth; what goes away meanwhile counts as none. */
export function bytesIn(folder: string): number {
  let bytes = 0;
  for (const name of namesUnder(folder)) {
    try {
      bytes += statSync(name).size;
    } catch {
      // Renamed or removed since it was listed.
    }
  }
  return bytes;
}

/** Paths of all files in a folder, at any depth. */
export function namesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
