import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The command as built from the sources of this moment: `node <steadyMain>`. */
    steadyMain: string;
    /** Where stacks have their folders; removed at the end even when a test process was killed. */
    crashFolder: string;
  }
}

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * vitest's globalSetup: builds as `npm run build` does, into a folder of its own, so that a build or a test next to this
 * one cannot change a program while it runs. STEADY_CRASH_DIST names a build to take instead.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-crash-'));
  // Throwaway servers run as another account, which has to pass through.
  await chmod(folder, 0o711);
  project.provide('crashFolder', folder);
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });

  const given = process.env['STEADY_CRASH_DIST'];
  if (given !== undefined) {
    project.provide('steadyMain', join(given, 'cli', 'main.js'));
    return removeFolder;
  }
  // Inside the project, where its packages are found.
  const parent = join(root, 'node_modules', '.cache');
  await mkdir(parent, { recursive: true });
  const out = await mkdtemp(join(parent, 'steady-crash-'));
  const remove = async (): Promise<void> => {
    await removeFolder();
    await rm(out, { recursive: true, force: true });
  };
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const config = ['-p', 'tsconfig.build.json', '--outDir', out, '--declaration', 'false'];
    await run(process.execPath, [tsc, ...config], { cwd: root });
    await run(process.execPath, [join(out, 'workers', 'bundle.js')], { cwd: root });
  } catch (error) {
    await remove();
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`the build failed:\n${stdout}${stderr}`, { cause: error });
  }
  project.provide('steadyMain', join(out, 'cli', 'main.js'));
  return remove;
}
