import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import { runTool } from '../../../pipelines/run-tool.js';
import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { BackupWriter, DumpResult, StoreCall } from '../port.js';
import { createArchiveReader } from './archive-facts.js';
import { liveRoot, type FilesStoreOptions, type Root } from './context.js';
import { folderWork } from './folder-work.js';
import { archiveTool, versionTool } from './tar-tools.js';

/** Name of the one stream. */
export const STREAM = 'files';

/**
 * One archive of the folder, with counts and a digest taken from the archive as it passes. Whoever writes to the
 * folder must be stopped: a file that changes while it is read fails the backup.
 */
export async function dump(
  options: FilesStoreOptions,
  call: StoreCall,
  writer: BackupWriter,
): Promise<DumpResult> {
  const root = liveRoot(options, call);
  const work = folderWork(root, call);
  if ((await work.kind(root.folder)) !== 'folder')
    throw new SteadyError('store.unreachable', { folder: root.label, says: 'no such folder' });
  const version = await tarVersion(root, call);
  const real = await work.real(root.folder);
  const nested = (await work.mounts(real)).filter((point) => point !== real);
  call.say(`archiving ${root.label}`);
  const takenAt = (call.now?.() ?? new Date()).toISOString();
  const { body, facts } = readArchive(root.place(archiveTool(real, options.config.exclude)), call.signal);
  const stored = await writer.content(STREAM, body);
  const notes = nested.map((point) => `${point} is another file system and is not in this backup`);
  return {
    method: 'tar',
    takenAt,
    server: { product: 'tar', version, major: Number.parseInt(version, 10) || 0 },
    tools: { tar: version },
    streams: [stored],
    facts: facts(),
    detail: { exclude: options.config.exclude },
    notes,
  };
}

/** An archive's bytes, and its facts once they have all passed. A tar that does not end with 0 fails the stream. */
export function readArchive(
  tool: PlacedTool,
  signal: AbortSignal,
): { readonly body: AsyncIterable<Buffer>; readonly facts: () => ContentFacts } {
  const reader = createArchiveReader();
  let facts: ContentFacts | undefined;
  async function* body(): AsyncGenerator<Buffer> {
    const running = await spawnTool(tool, { signal });
    running.stdin.end();
    try {
      for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
        reader.take(chunk);
        yield chunk;
      }
      const exit = await running.exited;
      if (exit.code !== 0) throw tarFailure(toolFailure(running, exit));
      facts = reader.end();
    } catch (error) {
      // Ending the tool breaks its output off: that is not what went wrong.
      if (signal.aborted) throw new SteadyError('cancelled', { tool: tool.label });
      throw error;
    } finally {
      await running.end();
    }
  }
  return {
    body: body(),
    facts() {
      if (!facts)
        throw new SteadyError('internal', { error: 'facts of an archive that was not read to its end' });
      return facts;
    },
  };
}

/** Somebody still writes: it is tried again, with the name of the file in the message. */
function tarFailure(error: SteadyError): SteadyError {
  const says = String(error.facts['says'] ?? '');
  if (error.facts['exit'] !== 1 || !/changed as we read it|removed before we read it|shrank by/.test(says))
    return error;
  return new SteadyError('store.changed', { says }, { cause: error });
}

export async function tarVersion(root: Root, call: StoreCall): Promise<string> {
  const { stdout } = await runTool(root.place(versionTool), { signal: call.signal });
  const version = /^tar \(GNU tar\) (\S+)/.exec(stdout)?.[1];
  if (version === undefined) {
    throw new SteadyError('tool.missing', {
      tool: 'GNU tar',
      found: stdout.split('\n')[0],
      where: root.label,
    });
  }
  return version;
}
