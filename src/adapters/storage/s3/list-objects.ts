import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { ListedObject, UnfinishedUpload } from '../port.js';
import { withS3, type Bucket } from './bucket.js';
import { listVersions } from './versions.js';

/** Everything under a prefix, page by page; S3 gives keys in order of their UTF-8 bytes. */
export async function* listObjects(bucket: Bucket, prefix: string): AsyncGenerator<ListedObject> {
  if (bucket.lock) yield* listOldest(bucket, prefix);
  else yield* listNewest(bucket, prefix);
}

async function* listOldest(bucket: Bucket, prefix: string): AsyncGenerator<ListedObject> {
  for await (const { key, oldest, altered } of listVersions(bucket, prefix)) {
    // Delete markers alone are no object.
    if (oldest)
      yield { key, bytes: oldest.bytes, modifiedAt: oldest.modifiedAt, ...(altered && { altered }) };
  }
}

async function* listNewest(bucket: Bucket, prefix: string): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const page = await withS3(bucket, { prefix }, () =>
      bucket.client.send(
        new ListObjectsV2Command({
          Bucket: bucket.config.bucket,
          Prefix: bucket.base + prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      ),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      // Keys that end in `/` are folders as web consoles draw them, not objects of ours.
      if (Key === undefined || Key.endsWith('/')) continue;
      yield { key: Key.slice(bucket.base.length), bytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/**
 * Multipart uploads begun and not finished. AWS lists them by prefix. MinIO (seen in the source and in tests of its
 * 2026-02 release) takes a prefix for the exact key of one object, and without a prefix lists what it remembers since
 * its own start: so at an endpoint that is not AWS both are asked. What such a MinIO has forgotten by a restart is
 * found by its exact key only, and removed by MinIO itself after `stale_uploads_expiry` (24 hours by default).
 */
export async function* listUnfinished(bucket: Bucket, prefix: string): AsyncGenerator<UnfinishedUpload> {
  const seen = new Set<string>();
  const prefixes = bucket.config.endpoint === undefined ? [bucket.base + prefix] : [bucket.base + prefix, ''];
  for (const asked of prefixes) {
    for await (const upload of uploadsUnder(bucket, asked)) {
      if (!upload.key.startsWith(bucket.base + prefix) || seen.has(upload.id)) continue;
      seen.add(upload.id);
      yield { ...upload, key: upload.key.slice(bucket.base.length) };
    }
  }
}

async function* uploadsUnder(bucket: Bucket, prefix: string): AsyncGenerator<UnfinishedUpload> {
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket.config.bucket,
      ...(prefix === '' ? {} : { Prefix: prefix }),
      ...marker,
    });
    const page = await withS3(bucket, { prefix }, () => bucket.client.send(command));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key !== undefined && UploadId !== undefined)
        yield { key: Key, id: UploadId, startedAt: Initiated ?? new Date(0) };
    }
    marker = page.IsTruncated ? nextMarker(page.NextKeyMarker, page.NextUploadIdMarker) : undefined;
  }
}

function nextMarker(
  key: string | undefined,
  id: string | undefined,
): { KeyMarker?: string; UploadIdMarker?: string } {
  return { ...(key ? { KeyMarker: key } : {}), ...(id ? { UploadIdMarker: id } : {}) };
}
