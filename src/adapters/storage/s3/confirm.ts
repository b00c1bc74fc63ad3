import { createHash } from 'node:crypto';
import { DeleteObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { SteadyError } from '../../../contracts/failures.js';
import { cleanUpSignal, versionOf, withS3, type Bucket } from './bucket.js';
import { s3Failure } from './s3-failure.js';

/** Metadata field with a random word per upload: how we know an object as ours when an answer got lost. */
export const UPLOAD_FIELD = 'steady-upload';

export const base64Sha256 = (content: Uint8Array): string =>
  createHash('sha256').update(content).digest('base64');

/**
 * The checksum S3 keeps of an object in parts: the SHA-256 of the parts' digests one after the other, and their number
 * (Amazon S3 User Guide, "Checking object integrity", composite checksums).
 */
export function compositeSha256(parts: readonly string[]): string {
  const digests = Buffer.concat(parts.map((digest) => Buffer.from(digest, 'base64')));
  return `${base64Sha256(digests)}-${parts.length}`;
}

/** What is about to become visible under a key. */
export interface Upload {
  readonly key: string;
  readonly token: string;
  readonly bytes: number;
  /** As S3 writes it: base64, with `-<parts>` for a composite one. */
  readonly checksum: string;
}

/** What storage answers to the request that makes an object visible. */
export interface Committed {
  readonly ChecksumSHA256?: string | undefined;
  readonly VersionId?: string | undefined;
}

/**
 * Makes an object visible by one create-only request, then compares what storage says it holds. A request whose answer
 * was lost may have been carried out, and its repetition then answers `exists`: so on any failure it looks whether the
 * object there is ours. Other bytes than ours are removed again. A credential that may not read has storage's answer
 * alone: the SHA-256 that it computed, of the whole or of all parts, holds for the size too.
 *
 * @param request must be create-only
 * @throws `storage.exists`, `storage.mismatch`
 */
export async function commit(
  bucket: Bucket,
  upload: Upload,
  request: () => Promise<Committed>,
): Promise<void> {
  let answer: Committed = {};
  try {
    answer = await withS3(bucket, { key: upload.key }, request);
  } catch (error) {
    if (!(await isOurs(bucket, upload, error))) throw error;
  }
  try {
    await compare(bucket, upload, answer);
  } catch (error) {
    await discard(bucket, upload.key, answer.VersionId);
    throw error;
  }
}

async function isOurs(bucket: Bucket, upload: Upload, error: unknown): Promise<boolean> {
  try {
    const there = await headObject(bucket, upload.key, { signal: cleanUpSignal(bucket) });
    return there.Metadata?.[UPLOAD_FIELD] === upload.token;
  } catch (refusal) {
    const exists = error instanceof SteadyError && error.code === 'storage.exists';
    if (exists && s3Failure(refusal, {}, bucket.secrets).code === 'storage.denied') {
      const says =
        'an object is there, and only a credential that may read it can tell whether it is this one';
      throw new SteadyError('storage.unreachable', { storage: bucket.location, key: upload.key, says });
    }
    return false;
  }
}

async function compare(bucket: Bucket, upload: Upload, answer: Committed): Promise<void> {
  const answered = answer.ChecksumSHA256;
  const there = await withS3(bucket, { key: upload.key }, () =>
    headObject(bucket, upload.key, { versionId: bucket.lock && answer.VersionId }),
  ).catch((error: unknown) => {
    const denied = error instanceof SteadyError && error.code === 'storage.denied';
    if (!denied || answered === undefined) throw error;
    return { ContentLength: upload.bytes, ChecksumSHA256: answered };
  });
  const same =
    there.ContentLength === upload.bytes &&
    there.ChecksumSHA256 === upload.checksum &&
    (answered === undefined || answered === upload.checksum);
  if (same) return;
  throw new SteadyError('storage.mismatch', {
    storage: bucket.location,
    key: upload.key,
    sent: `${upload.bytes} bytes sha256 ${upload.checksum}`,
    stored: `${there.ContentLength ?? 'unknown'} bytes sha256 ${answered ?? there.ChecksumSHA256 ?? 'none'}`,
  });
}

async function discard(bucket: Bucket, key: string, versionId: string | undefined): Promise<void> {
  const command = new DeleteObjectCommand(versionOf(bucket, key, bucket.lock && versionId));
  // The mismatch is what is told; an object without a manifest is litter that the sweep finds.
  await bucket.client.send(command, { abortSignal: cleanUpSignal(bucket) }).catch(() => undefined);
}

export function headObject(
  bucket: Bucket,
  key: string,
  options: { readonly versionId?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<HeadObjectCommandOutput> {
  const object = versionOf(bucket, key, options.versionId);
  const command = new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' });
  return bucket.client.send(command, options.signal ? { abortSignal: options.signal } : {});
}
