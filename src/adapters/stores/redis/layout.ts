import type { DataFiles } from './data-files.js';

/** How a server of some version finds its data at start. */
export interface LayoutNames {
  readonly dbfilename: string;
  readonly appendfilename: string;
  /** Undefined before Redis 7. */
  readonly appenddirname: string | undefined;
}

/** The entry of the data folder that holds the append-only data. */
export const appendEntry = (names: LayoutNames): string => names.appenddirname ?? names.appendfilename;

/**
 * The file through which an RDB enters an append-only server. Such a server ignores dump.rdb at start: from Redis 7 on
 * it reads the base that the manifest in its folder names, before 7 one file that may begin with an RDB.
 * (redis.io, Persistence, "How it works"; src/aof.c, `aofLoadManifestFromDisk`, `loadSingleAppendOnlyFile`.)
 */
export function appendBase(names: LayoutNames): string {
  if (names.appenddirname === undefined) return names.appendfilename;
  return `${names.appenddirname}/${names.appendfilename}.1.base.rdb`;
}

/** Manifest of the append-only folder that names the base; the server adds its first increment itself. */
export function appendManifest(
  names: LayoutNames,
): { readonly path: string; readonly content: string } | undefined {
  if (names.appenddirname === undefined) return undefined;
  return {
    path: `${names.appenddirname}/${names.appendfilename}.manifest`,
    content: `file ${names.appendfilename}.1.base.rdb seq 1 type b\n`,
  };
}

/** Lays out an RDB that lies at `rdb` (in `folder`) also as append-only data. Fine when it is done already. */
export async function layOutAppendOnly(
  files: DataFiles,
  folder: string,
  rdb: string,
  names: LayoutNames,
): Promise<void> {
  if (names.appenddirname !== undefined) await files.makeFolder(folder, names.appenddirname);
  const base = `${folder}/${appendBase(names)}`;
  if (`${folder}/${rdb}` !== base) await files.copy(`${folder}/${rdb}`, base);
  const manifest = appendManifest(names);
  if (manifest) await files.write(`${folder}/${manifest.path}`, manifest.content);
}
