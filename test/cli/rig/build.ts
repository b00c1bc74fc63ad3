import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Inside the project, where its packages are found. */
const parent = join(root, 'node_modules', '.cache', 'steady-cli');

/**
 * Path of `main.js` as `npm run build` makes it from the sources of this moment. Sources that did not change since are not
 * built again; a build beside a running test goes elsewhere. STEADY_CLI_DIST names a build to take instead.
 */
export async function builtSteady(): Promise<string> {
  const given = process.env['STEADY_CLI_DIST'];
  if (given !== undefined) return join(given, 'cli', 'main.js');
  const built = join(parent, digestOfSources());
  const main = join(built, 'cli', 'main.js');
  if (existsSync(main)) return main;
  await mkdir(parent, { recursive: true });
  const out = await mkdtemp(join(parent, 'new-'));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    const config = ['-p', 'tsconfig.build.json', '--outDir', out, '--declaration', 'false'];
    await run(process.execPath, [tsc, ...config], { cwd: root });
    await run(process.execPath, [join(out, 'workers', 'bundle.js')], { cwd: root });
    await removeOld();
    await rename(out, built).catch((error: NodeJS.ErrnoException) => {
      // Another run built the same meanwhile.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`the build failed:\n${stdout}${stderr}`, { cause: error });
  } finally {
    await rm(out, { recursive: true, force: true });
  }
  return main;
}

function digestOfSources(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

const OLD_MS = 3_600_000;

/** Builds that nothing has used for an hour. */
async function removeOld(): Promise<void> {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (Date.now() - statSync(path).mtimeMs > OLD_MS) await rm(path, { recursive: true, force: true });
  }
}
