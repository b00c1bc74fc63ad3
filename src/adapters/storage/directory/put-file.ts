import { createHash } from 'node:crypto';
import { link, lstat, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { PutOptions, PutResult } from '../port.js';
import { stopFor, takeBody } from '../take-body.js';
import { makeFolder, requireRoot, syncUpToRoot, type Place } from './durable-folders.js';
import { errorCode, withFiles } from './file-failure.js';
import { beginUpload, removeUpload } from './incoming.js';

const WRITE_BYTES = 2 ** 20;

/**
 * Writes a body under a key, create-only: a temporary file on the same file system, fsync, its size compared, then
 * link(2), which fails where the name is taken, then the folders' fsync. Any failure removes the temporary file.
 *
 * @throws `storage.exists`, `storage.full`, `storage.denied`, `storage.unreachable`, `cancelled`; the body's own error
 *   as it is
 */
export async function putFile(
  place: Place,
  key: string,
  body: AsyncIterable<Buffer>,
  options: PutOptions = {},
): Promise<PutResult> {
  const facts = { storage: place.base, key };
  const path = join(place.base, key);
  await withFiles(facts, () => requireRoot(place));
  await withFiles(facts, () => refuseTaken(path, facts));
  const upload = await withFiles(facts, () => beginUpload(place, key));
  const stop = stopFor(options.signal, key);
  try {
    const result = await writeFile(upload.path, facts, takeBody(body, stop.signal), options.onProgress);
    stop.check();
    await withFiles(facts, () => publish(place, upload.path, path));
    return result;
  } finally {
    stop.release();
    // What cannot be removed is listed by `unfinished`; the failure that led here is the one to tell.
    await removeUpload(place, upload.id).catch(() => undefined);
  }
}

async function refuseTaken(path: string, facts: { storage: string; key: string }): Promise<void> {
  const taken = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (taken) throw new SteadyError('storage.exists', facts);
}

async function writeFile(
  path: string,
  facts: { storage: string; key: string },
  chunks: AsyncIterable<Buffer>,
  onProgress: PutOptions['onProgress'],
): Promise<PutResult> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(WRITE_BYTES);
  let filled = 0;
  let bytes = 0;
  const file = await withFiles(facts, () => open(path, 'wx', 0o600));
  const flush = async (): Promise<void> => {
    await withFiles(facts, () => writeAll(file, buffer.subarray(0, filled)));
    bytes += filled;
    filled = 0;
    onProgress?.(bytes);
  };
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      for (let at = 0; at < chunk.length;) {
        const copied = chunk.copy(buffer, filled, at);
        at += copied;
        filled += copied;
        if (filled === buffer.length) await flush();
      }
    }
    if (filled > 0) await flush();
    await withFiles(facts, () => file.sync());
    const { size } = await withFiles(facts, () => file.stat());
    if (size !== bytes) throw new SteadyError('storage.mismatch', { ...facts, sent: bytes, stored: size });
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await withFiles(facts, () => file.close());
  return { bytes, sha256: hash.digest('hex') };
}

async function writeAll(file: FileHandle, content: Buffer): Promise<void> {
  for (let at = 0; at < content.length;) {
    at += (await file.write(content, at, content.length - at, null)).bytesWritten;
  }
}

async function publish(place: Place, from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await makeFolder(place, dirname(to));
      await link(from, to);
      break;
    } catch (error) {
      // A delete may have removed the folder as empty between the two calls.
      if (errorCode(error) !== 'ENOENT' || attempt === 5) throw error;
    }
  }
  await syncUpToRoot(place, dirname(to));
}
