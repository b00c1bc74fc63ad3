import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';

/**
 * Who else can read or change a file that holds secrets, a sentence each with what to do; none for one that is not here.
 *
 * @param what what it is, and its name as a person knows it, such as `secret file proof.key`
 */
export async function fileWarnings(what: string, name: string, path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  const warnings: string[] = [];
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0)
    warnings.push(
      `${what} ${name} has mode ${mode.toString(8).padStart(4, '0')}: others can read it; chmod 600 ${name}`,
    );
  const own = process.getuid?.();
  if (own !== undefined && found.uid !== own && found.uid !== 0)
    warnings.push(
      `${what} ${name} belongs to user ${found.uid}, who can change it: not to the worker's (${own}) or root; chown ${own} ${name}`,
    );
  if (await isTracked(path))
    warnings.push(
      `${what} ${name} is tracked by git, so it is in every clone: git rm --cached ${name}, and take a new secret`,
    );
  return warnings;
}

/** False also where there is no git: then nothing is tracked that this machine could tell. */
async function isTracked(path: string): Promise<boolean> {
  const args = ['-C', dirname(path), 'ls-files', '--error-unmatch', '--', basename(path)];
  return await promisify(execFile)('git', args).then(
    () => true,
    () => false,
  );
}
