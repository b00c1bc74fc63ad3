import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { SteadyError } from '../../contracts/failures.js';
import type { DumpLook } from '../../adapters/stores/port.js';
import { unpackFile } from '../../pipelines/unpack-file.js';
import type { ActivityCall } from '../call.js';

const HEAD_BYTES = 64 * 1024;
const TAIL_BYTES = 4 * 1024;

/** A dump that was read to its end once. */
export interface ReadDump extends DumpLook {
  readonly bytes: number;
  readonly sha256: string;
  readonly rawSha256: string;
  readonly modifiedAt: Date;
}

/**
 * Reads a dump to its end, unpacked: checksums, its beginning and its end. Throws `import.missing` when it cannot be read
 * here, `import.damaged` when it is cut off.
 */
export async function readDump(call: ActivityCall, file: string): Promise<ReadDump> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => missing(file, error));
  if (!found.isFile()) throw new SteadyError('import.refused', { file, says: 'it is no file' });
  const [whole, raw] = [createHash('sha256'), createHash('sha256')];
  let [bytes, rawBytes] = [0, 0];
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  const onFile = (chunk: Buffer): void => {
    whole.update(chunk);
    bytes += chunk.length;
  };
  for await (const chunk of unpacked(call, file, onFile)) {
    raw.update(chunk);
    rawBytes += chunk.length;
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    tail = Buffer.from(Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES));
    call.onStream({ stream: 'file', rawBytes, storedBytes: 0 });
  }
  const { mtime: modifiedAt } = found;
  const checksums = { sha256: whole.digest('hex'), rawSha256: raw.digest('hex') };
  return { file, bytes, rawBytes, head, tail, modifiedAt, ...checksums };
}

/** Its first bytes alone. */
export async function readHead(call: ActivityCall, file: string): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of unpacked(call, file)) {
    head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES);
    if (head.length === HEAD_BYTES) break;
  }
  return head;
}

/** Its content again; throws `import.damaged` at the end when it is not what was read before. */
export async function* readAgain(
  call: ActivityCall,
  { file, rawSha256 }: Pick<ReadDump, 'file' | 'rawSha256'>,
): AsyncGenerator<Buffer, void> {
  const raw = createHash('sha256');
  for await (const chunk of unpacked(call, file)) {
    raw.update(chunk);
    yield chunk;
  }
  if (raw.digest('hex') !== rawSha256)
    throw new SteadyError('import.damaged', { file, says: 'it was changed while it was read' });
}

async function* unpacked(
  { signal, marker }: ActivityCall,
  file: string,
  onFile?: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void> {
  try {
    yield* unpackFile(file, { signal, marker, ...(onFile && { onFile }) });
  } catch (error) {
    if (signal.aborted) throw new SteadyError('cancelled', { file });
    if (error instanceof SteadyError && error.code === 'tool.failed') {
      const { tool, says } = error.facts;
      throw new SteadyError('import.damaged', { file, tool, says }, { cause: error });
    }
    if (isSystemError(error)) missing(file, error);
    throw error;
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

function missing(file: string, error: NodeJS.ErrnoException): never {
  throw new SteadyError('import.missing', { file, host: hostname(), error: error.code }, { cause: error });
}
