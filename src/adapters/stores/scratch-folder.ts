import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { spawnTool } from '../../pipelines/spawn-tool.js';
import type { StoreCall } from './port.js';

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);

/** Names that nobody else gives: what has one and no owner is removed. */
const NAME = /^steady-tmp-[a-z]+-[0-9a-f]{10}-[0-9A-Za-z]{6}$/;

/**
 * A private folder on the worker for one attempt, removed when the work is done. What killed workers have left there is
 * removed first.
 *
 * @param kind names what the folder is for, such as `redis`
 * @param base the folder it is made in; default the system's for temporary files
 */
export async function withScratchFolder<T>(
  kind: string,
  call: StoreCall,
  work: (folder: string) => Promise<T>,
  base = tmpdir(),
): Promise<T> {
  const taken = await takeScratchFolder(kind, call, base);
  try {
    return await work(taken.folder);
  } finally {
    await taken.remove();
  }
}

export interface ScratchFolder {
  readonly folder: string;
  remove(): Promise<void>;
}

/** The same for work that does not end in one function: `remove` is the caller's to call. */
export async function takeScratchFolder(
  kind: string,
  { marker }: Pick<StoreCall, 'marker'>,
  base: string,
): Promise<ScratchFolder> {
  await mkdir(base, { recursive: true, mode: 0o711 });
  await removeLeftOvers(base);
  for (;;) {
    const folder = await mkdtemp(join(base, `steady-tmp-${kind}-${short(marker)}-`));
    const handle = await open(folder, 'r');
    // Between making and locking it, another worker may have taken it for a left-over.
    if ((await lock(handle)) !== 'held' && (await isStill(folder, handle))) {
      const remove = async (): Promise<void> => {
        await rm(folder, { recursive: true, force: true });
        await handle.close();
      };
      return { folder, remove };
    }
    await handle.close();
  }
}

/** Removes the scratch folders below `base` whose owners have died; what another user owns is left to that user. */
export async function removeLeftOvers(base: string): Promise<void> {
  for (const entry of await readdir(base, { withFileTypes: true })) {
    if (!entry.isDirectory() || !NAME.test(entry.name)) continue;
    const folder = join(base, entry.name);
    const handle = await open(folder, 'r').catch(notOurs);
    if (handle === undefined) continue;
    try {
      if ((await lock(handle)) === 'ours') await rm(folder, { recursive: true, force: true }).catch(notOurs);
    } finally {
      await handle.close();
    }
  }
}

function notOurs(error: unknown): undefined {
  if (!['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}

/**
 * Locks an open folder as flock(2) does: the lock is that of the open file, which flock(1) only inherits, so it holds
 * until it is closed here or this process dies, however it dies; and it holds for workers in other containers too.
 * `unknown` where there is no flock(1), or the file system has no locks: then nothing is taken for a left-over.
 */
async function lock(handle: FileHandle): Promise<'ours' | 'held' | 'unknown'> {
  try {
    const flock = { argv: ['flock', '--exclusive', '--nonblock', '3'] as const, label: 'flock' };
    const running = await spawnTool(flock, { inherit: [handle.fd] });
    running.stdin.end();
    running.stdout.resume();
    const { code } = await running.exited;
    return code === 0 ? 'ours' : code === 1 ? 'held' : 'unknown';
  } catch (error) {
    if (error instanceof SteadyError && error.code === 'tool.missing') return 'unknown';
    throw error;
  }
}

async function isStill(folder: string, handle: FileHandle): Promise<boolean> {
  const [named, opened] = await Promise.all([stat(folder).catch(notOurs), handle.stat()]);
  return named?.ino === opened.ino;
}
