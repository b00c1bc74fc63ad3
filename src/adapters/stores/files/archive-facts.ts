import { createHash, type Hash } from 'node:crypto';
import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import { expandSparse, type ContentSink } from './sparse-content.js';
import { BLOCK, checksumHolds, parsePax, tarEntry, tarNumber, tarType, type TarEntry } from './tar-entry.js';

/** Reads an archive as it passes and tells at its end what is in it. */
export interface ArchiveReader {
  take(chunk: Buffer): void;
  /** Throws `stream.corrupt` when the archive has no end. */
  end(): ContentFacts;
}

export const DIGEST = 'content';

/**
 * Counts of an archive's entries and one digest over all of them in their order: name, kind, mode, owner, size, time
 * of change, link, extended attributes, ACLs and content. Made from the same folder, restored or not, it is the same,
 * for tar writes names in sorted order. The time of the folder itself is left out. Throws `stream.corrupt`.
 */
export function createArchiveReader(): ArchiveReader {
  const counts = { files: 0, folders: 0, symlinks: 0, 'hard links': 0, 'special files': 0, bytes: 0 };
  const all = createHash('sha256');
  let pending: Buffer = Buffer.alloc(0);
  let pax = new Map<string, string>();
  let paxChunks: Buffer[] | undefined;
  let entry: TarEntry | undefined;
  let hash: Hash | undefined;
  let sink: ContentSink | undefined;
  let left = 0;
  let padding = 0;
  let zeroBlocks = 0;

  const closeEntry = (): void => {
    if (paxChunks) {
      pax = parsePax(Buffer.concat(paxChunks));
      paxChunks = undefined;
      return;
    }
    if (!entry) return;
    sink?.end();
    const { kind, name, mode, uid, gid, size, mtime, link, attributes, device } = entry;
    const time = name === './' ? 0 : mtime;
    all.update(JSON.stringify([kind, name, mode, uid, gid, size, time, link, attributes, device]));
    all.update(hash?.digest() ?? '');
    [entry, hash, sink] = [undefined, undefined, undefined];
  };

  const header = (block: Buffer): void => {
    if (block.every((byte) => byte === 0)) {
      zeroBlocks += 1;
      return;
    }
    if (!checksumHolds(block)) throw new RangeError('a header whose checksum does not hold');
    const type = tarType(block);
    if (type === 'x') {
      paxChunks = [];
      left = tarNumber(block, 124, 12);
    } else {
      entry = tarEntry(block, pax);
      pax = new Map();
      count(counts, entry);
      // Links and folders have no content, whatever their size field says.
      left = entry.kind === 'file' ? entry.stored : 0;
      if (entry.kind === 'file') {
        const content = createHash('sha256');
        hash = content;
        sink = entry.sparse ? expandSparse(entry.size, (chunk) => content.update(chunk)) : plain(content);
      }
    }
    padding = (BLOCK - (left % BLOCK)) % BLOCK;
    if (left === 0) closeEntry();
  };

  const read = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length && zeroBlocks < 2) {
      if (left > 0) {
        const part = chunk.subarray(at, at + left);
        if (paxChunks) paxChunks.push(part);
        else sink?.take(part);
        at += part.length;
        left -= part.length;
        if (left === 0) closeEntry();
      } else if (padding > 0) {
        const part = Math.min(padding, chunk.length - at);
        padding -= part;
        at += part;
      } else {
        const part = chunk.subarray(at, at + BLOCK - pending.length);
        pending = Buffer.concat([pending, part]);
        at += part.length;
        if (pending.length < BLOCK) continue;
        const block = pending;
        pending = Buffer.alloc(0);
        header(block);
      }
    }
  };

  return {
    take(chunk) {
      try {
        read(chunk);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new SteadyError('stream.corrupt', {
          says: `not an archive as tar writes it: ${error.message}`,
        });
      }
    },
    end() {
      if (zeroBlocks < 2)
        throw new SteadyError('stream.corrupt', { says: 'the archive breaks off before its end' });
      return { counts: { ...counts }, atMost: {}, digests: { [DIGEST]: all.digest('hex') }, names: {} };
    },
  };
}

const plain = (hash: Hash): ContentSink => ({
  take: (chunk) => void hash.update(chunk),
  end: () => undefined,
});

function count(counts: Record<string, number>, entry: TarEntry): void {
  const names = {
    file: 'files',
    folder: 'folders',
    symlink: 'symlinks',
    'hard link': 'hard links',
    special: 'special files',
  };
  const name = names[entry.kind];
  counts[name] = (counts[name] ?? 0) + 1;
  if (entry.kind === 'file') counts['bytes'] = (counts['bytes'] ?? 0) + entry.size;
}
