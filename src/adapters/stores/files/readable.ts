import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import { writeChunk } from '../../../pipelines/write-chunk.js';
import type { BackupReader, StoreCall } from '../port.js';
import { createArchiveReader } from './archive-facts.js';
import { folderRoot, type FilesStoreOptions } from './context.js';
import { STREAM } from './dump.js';
import { assertSame } from './load.js';
import { listTool } from './tar-tools.js';

/** Walks the archive to its end with GNU tar and, in the same pass, compares counts and digest with the manifest. */
export async function readable(
  options: FilesStoreOptions,
  call: StoreCall,
  reader: BackupReader,
): Promise<string[]> {
  const archive = createArchiveReader();
  // The archive is what is looked at, on this host, wherever the live data are.
  const tar = await spawnTool(folderRoot(options, call, '/').place(listTool), { signal: call.signal });
  tar.stdout.resume();
  try {
    for await (const chunk of reader.open(STREAM)) {
      archive.take(chunk);
      // False once tar has gone: it ends by itself at the end of the archive, and the archive is read on here.
      await writeChunk(tar.stdin, chunk);
    }
    tar.stdin.end();
    const exit = await tar.exited;
    if (exit.code !== 0) throw toolFailure(tar, exit);
  } finally {
    await tar.end();
  }
  return ['tar read the archive to its end', ...assertSame(reader.manifest.facts, archive.end(), true)];
}
