import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** A folder or a file as it is named, and where it really is; the same where there is no symbolic link in it. */
export interface Place {
  readonly named: string;
  readonly real: string;
}

/** @param folder where a relative path begins */
export function placeAt(folder: string, path: string): Place {
  const named = resolve(folder, path);
  return { named, real: realPath(named) };
}

/** Symbolic links are resolved as far as the path exists here: the worker may be another machine. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** Whether whoever takes the folder away takes the other place away too: itself, or a part of the path to it. */
export function holds(folder: Place, other: Place): boolean {
  return [folder.named, folder.real].some((outer) =>
    [other.named, other.real].some((inner) => liesIn(inner, outer)),
  );
}

/** Whether one folder really lies in another one, or is it. */
export const isWithin = (place: Place, folder: Place): boolean => liesIn(place.real, folder.real);

function liesIn(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
