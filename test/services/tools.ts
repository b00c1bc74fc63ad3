import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Folder where `scripts/setup` puts what it had to fetch or build; outside the checkout, shared by clones. */
export function toolsFolder(): string {
  return (
    process.env['STEADY_TOOLS'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'steadyhand')
  );
}

/**
 * Path of a program that tests need: from the tools folder, else from PATH. Throws when it is nowhere: a test whose
 * service cannot be had fails, it never skips itself.
 */
export function toolPath(name: string): string {
  const folders = [join(toolsFolder(), 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)];
  for (const folder of folders) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  throw new Error(`${name} is not installed: run ./scripts/setup`);
}
