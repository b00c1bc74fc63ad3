import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { runFed } from '../../../pipelines/feed-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { BackupWriter, DumpFile, DumpResult, StoreCall } from '../port.js';
import { assertRoom } from '../room.js';
import { folderRoot, type FilesStoreOptions } from './context.js';
import { dump } from './dump.js';
import { mayGiveOwners } from './load.js';
import { extractTool } from './tar-tools.js';

/**
 * Unpacks an archive on the worker and archives it anew as a backup is: whatever wrote it, in whatever order and form,
 * what is stored then compares like any other. Only root keeps the owners.
 */
export async function importArchive(
  options: FilesStoreOptions,
  call: StoreCall,
  writer: BackupWriter,
  file: DumpFile,
): Promise<DumpResult> {
  const unpacked = join(file.folder, 'unpacked');
  const root = folderRoot(options, call, unpacked);
  if (!mayGiveOwners(root))
    throw new SteadyError('import.refused', {
      file: file.file,
      says: 'the owners of its files would be lost: the worker has to be root',
    });
  await assertRoom(file.folder, file.rawBytes, 'the archive, unpacked');
  await mkdir(unpacked, { mode: 0o700 });
  call.say(`unpacking ${file.file}`);
  await unpack(file, call, root.place(extractTool(unpacked, true)));
  const inside = await storeFolder(options, file, unpacked);
  const config = { ...options.config, path: join(unpacked, inside), volume: undefined };
  const taken = await dump({ ...options, config }, call, writer);
  return {
    ...taken,
    method: 'tar, of a dump',
    notes: [
      inside === '.' ? 'all of the archive is the folder' : `of the archive, ${inside}/ is the folder`,
      ...taken.notes,
    ],
  };
}

async function unpack(dump: DumpFile, { signal }: StoreCall, tool: PlacedTool): Promise<void> {
  const { file } = dump;
  try {
    await runFed(tool, dump.open(), signal);
  } catch (error) {
    if (!(error instanceof SteadyError) || error.code !== 'tool.failed') throw error;
    if (signal.aborted) throw new SteadyError('cancelled', { file });
    throw new SteadyError(
      'import.damaged',
      { file, tool: 'tar', says: error.facts['says'] },
      { cause: error },
    );
  }
}

/**
 * The folder of an archive that is the store's. Archives are made from above a folder as often as from inside it, and
 * one level too deep is found out only when the application does not find its files: where it is not plain, somebody
 * has to say.
 */
async function storeFolder(
  { config }: FilesStoreOptions,
  { file, head, inside }: DumpFile,
  unpacked: string,
): Promise<string> {
  if (inside !== undefined) {
    const path = normalize(inside).replace(/\/+$/, '') || '.';
    const there = !path.startsWith('..') && (await isFolder(join(unpacked, path)));
    if (there) return path;
    throw new SteadyError('import.refused', { file, says: `there is no folder ${inside} in it` });
  }
  const first = head.subarray(0, 100).toString('latin1').split('\0')[0];
  if (first === './' || first === '.') return '.';
  const name = basename(config.path ?? config.volume ?? '');
  let path = '.';
  for (;;) {
    const entries = await readdir(join(unpacked, path), { withFileTypes: true });
    const only = entries.length === 1 && entries[0]?.isDirectory() ? entries[0].name : undefined;
    if (only === undefined) break;
    path = join(path, only);
    if (only === name) return path;
  }
  if (path === '.') return '.';
  throw new SteadyError('import.refused', {
    file,
    holds: `${path}/`,
    store: config.path ?? config.volume,
    says: `say which folder in it is that of the store: --inside ${path}, or --inside . for all of it`,
  });
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;
