import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { SteadyError } from '../../../contracts/failures.js';
import { versionOf, withS3, type Bucket } from './bucket.js';
import { s3Failure } from './s3-failure.js';

export function getObject(
  bucket: Bucket,
  key: string,
  options: {
    readonly from?: number;
    readonly etag?: string | undefined;
    readonly versionId?: string | undefined;
    readonly signal?: AbortSignal;
  } = {},
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({
    ...versionOf(bucket, key, options.versionId),
    ...(options.from === undefined ? {} : { Range: `bytes=${options.from}-` }),
    ...(options.etag === undefined ? {} : { IfMatch: options.etag }),
  });
  return withS3(bucket, { key }, () =>
    bucket.client.send(command, options.signal ? { abortSignal: options.signal } : {}),
  );
}

/**
 * The bytes of an object. A connection that breaks or stalls on the way goes on where it was, in the same version of
 * the object, as often as bytes still come: a restore that builds indexes for an hour outlives what any server
 * allows an idle connection.
 */
export async function* download(
  bucket: Bucket,
  key: string,
  first: GetObjectCommandOutput,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const total = first.ContentLength;
  let answer = first;
  let at = 0;
  let failures = 0;
  for (;;) {
    const before = at;
    let broken: unknown;
    try {
      for await (const chunk of answer.Body as Readable) {
        at += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      broken = error;
    }
    if (at === total) return;
    signal.throwIfAborted();
    failures = at > before ? 1 : failures + 1;
    const facts = { storage: bucket.location, key, received: at, expected: total };
    if (broken === undefined && total === undefined) return;
    if (failures >= bucket.limits.attempts || total === undefined || at > total) {
      throw s3Failure(broken ?? new SteadyError('storage.mismatch', facts), facts, bucket.secrets);
    }
    const rest = { from: at, etag: first.ETag, versionId: bucket.lock && first.VersionId, signal };
    answer = await getObject(bucket, key, rest).catch((error: unknown) => {
      // Here `exists` is the answer to our If-Match: another version is there now.
      if (!(error instanceof SteadyError && error.code === 'storage.exists')) throw error;
      throw new SteadyError('storage.mismatch', { ...facts, says: 'it was replaced while it was read' });
    });
  }
}
