import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { Altered } from '../port.js';
import { versionOf, withS3, type Bucket } from './bucket.js';

export interface Version {
  readonly id: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** A key with all that was ever stored under it and is still there. */
export interface KeyVersions {
  readonly key: string;
  /** The object itself; left out where only delete markers are left. */
  readonly oldest?: Version;
  /** Newest first, delete markers not among them. */
  readonly versions: readonly Version[];
  /** Of versions and delete markers, newest first. */
  readonly ids: readonly string[];
  readonly altered?: Altered;
}

interface Entry extends Version {
  readonly key: string;
  readonly marker: boolean;
}

/**
 * Keys under a prefix with their versions, page by page. S3 lists keys in order of their UTF-8 bytes and the versions
 * of each from the newest to the oldest; versions and delete markers come in two lists a page (API reference,
 * ListObjectVersions), and those of one key may go on in the next.
 */
export async function* listVersions(bucket: Bucket, prefix: string): AsyncGenerator<KeyVersions> {
  let open: Entry[] = [];
  for await (const page of pages(bucket, prefix)) {
    const byKey = new Map<string, Entry[]>();
    for (const entry of [...open, ...page]) {
      const of = byKey.get(entry.key);
      if (of) of.push(entry);
      else byKey.set(entry.key, [entry]);
    }
    const keys = [...byKey.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const last = keys.pop();
    for (const key of keys) yield together(key, byKey.get(key) ?? []);
    open = last === undefined ? [] : (byKey.get(last) ?? []);
  }
  if (open[0]) yield together(open[0].key, open);
}

/** The versions of one key; undefined when nothing is there. */
export async function versionsOf(bucket: Bucket, key: string): Promise<KeyVersions | undefined> {
  // It is the first key of those that begin with it.
  for await (const found of listVersions(bucket, key)) return found.key === key ? found : undefined;
  return undefined;
}

/** Removes one version for good: no delete marker takes its place. */
export async function deleteVersion(bucket: Bucket, key: string, id: string): Promise<void> {
  await bucket.client.send(new DeleteObjectCommand(versionOf(bucket, key, id)));
}

function together(key: string, entries: readonly Entry[]): KeyVersions {
  // Their order within each of the two lists holds; between the lists the time tells, to the second at AWS.
  const versions = entries.filter((one) => !one.marker);
  const markers = entries.filter((one) => one.marker);
  const oldest = versions.at(-1);
  const above = [...versions.slice(0, -1), ...markers];
  const at = new Date(Math.max(...above.map((one) => one.modifiedAt.getTime())));
  return {
    key,
    versions,
    // Markers first: removing them uncovers what they hide, which is what removing versions would do to them.
    ids: [...markers, ...versions].map((one) => one.id),
    ...(oldest && { oldest }),
    ...(above.length > 0 && {
      altered: { versions: Math.max(0, versions.length - 1), deleteMarkers: markers.length, at },
    }),
  };
}

async function* pages(bucket: Bucket, prefix: string): AsyncGenerator<Entry[]> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({
      Bucket: bucket.config.bucket,
      Prefix: bucket.base + prefix,
      ...marker,
    });
    const page = await withS3(bucket, { prefix }, () => bucket.client.send(command));
    yield [
      ...(page.Versions ?? []).map((one) => ({ ...one, marker: false })),
      ...(page.DeleteMarkers ?? []).map((one) => ({ ...one, Size: 0, marker: true })),
    ].flatMap(({ Key, VersionId, Size, LastModified, marker: isMarker }) =>
      // Keys that end in `/` are folders as web consoles draw them, not objects of ours.
      Key === undefined || Key.endsWith('/') || VersionId === undefined
        ? []
        : {
            key: Key.slice(bucket.base.length),
            id: VersionId,
            bytes: Size ?? 0,
            modifiedAt: LastModified ?? new Date(0),
            marker: isMarker,
          },
    );
    const next = page.IsTruncated
      ? {
          ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
          ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
        }
      : undefined;
    marker = next;
  }
}
