import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { PutOptions, PutResult } from '../port.js';
import { stopFor, takeBody } from '../take-body.js';
import { objectOf, type Bucket } from './bucket.js';
import { base64Sha256, commit, UPLOAD_FIELD } from './confirm.js';
import { cutParts, type Part } from './cut-parts.js';
import { lockMode } from './object-lock.js';
import { beginMultipart, type Multipart } from './multipart.js';

/**
 * Stores a stream: up to one part by PutObject, more by a multipart upload. The caller's abort stops the reading and
 * the sending of parts at once; the one request that makes the object visible is not interrupted, since then nobody
 * would know whether it is there (it has limits of its own).
 */
export async function putStream(
  bucket: Bucket,
  key: string,
  body: AsyncIterable<Buffer>,
  options: PutOptions = {},
): Promise<PutResult> {
  const stop = stopFor(options.signal, key);
  const hash = createHash('sha256');
  const token = randomUUID();
  let bytes = 0;
  let sent = 0;
  let multipart: Multipart | undefined;
  const hashed = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of takeBody(body, stop.signal)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  const progress = (part: Part): void => {
    sent += part.content.length;
    options.onProgress?.(sent);
  };
  try {
    for await (const part of cutParts(hashed())) {
      stop.check();
      if (part.last && part.number === 1) {
        const sha256 = hash.digest('hex');
        await putObject(bucket, key, part.content, { token, sha256 });
        progress(part);
        return { bytes, sha256 };
      }
      multipart ??= await beginMultipart(bucket, { key, token, stop });
      multipart.send(part, progress);
    }
    const sha256 = hash.digest('hex');
    await multipart?.complete(bytes);
    return { bytes, sha256 };
  } catch (error) {
    stop.with(error);
    await multipart?.abort();
    throw error;
  } finally {
    stop.release();
  }
}

/** One create-only request for a whole object, confirmed. */
export async function putObject(
  bucket: Bucket,
  key: string,
  content: Uint8Array,
  known: { readonly token: string; readonly sha256: string; readonly lockUntil?: Date },
): Promise<void> {
  const checksum = base64Sha256(content);
  const command = () =>
    new PutObjectCommand({
      ...objectOf(bucket, key),
      Body: content,
      ContentLength: content.length,
      ChecksumSHA256: checksum,
      IfNoneMatch: '*',
      Metadata: { [UPLOAD_FIELD]: known.token, sha256: known.sha256 },
      ...(bucket.config.sse === undefined ? {} : { ServerSideEncryption: bucket.config.sse }),
      ...(bucket.lock && known.lockUntil
        ? { ObjectLockMode: lockMode(bucket.lock), ObjectLockRetainUntilDate: known.lockUntil }
        : {}),
    });
  const upload = { key, token: known.token, bytes: content.length, checksum };
  await commit(bucket, upload, () => bucket.client.send(command()));
}
