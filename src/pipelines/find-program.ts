import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/**
 * Path of a program as execvp(3) would find it, or undefined when it is nowhere. Looked up before a start, because
 * with setpriv in front the system's own "no such file" would arrive as the exit code of setpriv.
 */
export function findProgram(
  name: string,
  where: { readonly path?: string | undefined; readonly cwd?: string | undefined } = {},
): string | undefined {
  const cwd = where.cwd ?? process.cwd();
  if (isAbsolute(name) || name.includes('/')) return executable(resolve(cwd, name));
  for (const folder of (where.path ?? '').split(delimiter)) {
    const found = executable(join(resolve(cwd, folder), name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
