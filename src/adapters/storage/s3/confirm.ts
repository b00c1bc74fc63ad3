import { createHash } from 'node:crypto';
import { DeleteObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { SteadyError } from '../../../contracts/failures.js';
import { cleanUpSignal, objectOf, withS3, type Bucket } from './bucket.js';

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

/**
 * Makes an object visible by one create-only request, then compares what storage says it holds. A request whose answer
 * was lost may have been carried out, and its repetition then answers `exists`: so on any failure it looks whether the
 * object there is ours. Other bytes than ours are removed again.
 *
 * @param request must be create-only and give the checksum storage answered, where it did
 * @throws `storage.exists`, `storage.mismatch`
 */
export async function commit(
  bucket: Bucket,
  upload: Upload,
  request: () => Promise<string | undefined>,
): Promise<void> {
  let answered: string | undefined;
  try {
    answered = await withS3(bucket, { key: upload.key }, request);
  } catch (error) {
    const there = await headObject(bucket, upload.key, cleanUpSignal(bucket)).catch(() => undefined);
    if (there?.Metadata?.[UPLOAD_FIELD] !== upload.token) throw error;
  }
  try {
    await compare(bucket, upload, answered);
  } catch (error) {
    await discard(bucket, upload.key);
    throw error;
  }
}

async function compare(bucket: Bucket, upload: Upload, answered: string | undefined): Promise<void> {
  const there = await withS3(bucket, { key: upload.key }, () => headObject(bucket, upload.key));
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

async function discard(bucket: Bucket, key: string): Promise<void> {
  const command = new DeleteObjectCommand(objectOf(bucket, key));
  // The mismatch is what is told; an object without a manifest is litter that the sweep finds.
  await bucket.client.send(command, { abortSignal: cleanUpSignal(bucket) }).catch(() => undefined);
}

export function headObject(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<HeadObjectCommandOutput> {
  const command = new HeadObjectCommand({ ...objectOf(bucket, key), ChecksumMode: 'ENABLED' });
  return bucket.client.send(command, signal ? { abortSignal: signal } : {});
}
