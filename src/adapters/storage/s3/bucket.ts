import type { S3Client } from '@aws-sdk/client-s3';
import type { PlaceFacts } from '../place-facts.js';
import type { Secret } from '../../../contracts/secret.js';
import type { LockConfig, S3StorageConfig } from '../../../contracts/stack/storage.js';
import type { S3Limits } from './client.js';
import { s3Failure } from './s3-failure.js';

/** What every request of this adapter needs to know. */
export interface Bucket {
  readonly client: S3Client;
  readonly config: S3StorageConfig;
  /** Given: objects are found by version, the oldest of a key. */
  readonly lock: LockConfig | undefined;
  readonly limits: S3Limits;
  /** `<prefix>/<stack>/`, put before every key. */
  readonly base: string;
  readonly location: string;
  readonly secrets: readonly Secret[];
}

/** Bucket and full key of an object, as the SDK's commands take them. */
export function objectOf(bucket: Bucket, key: string): { Bucket: string; Key: string } {
  return { Bucket: bucket.config.bucket, Key: bucket.base + key };
}

/** One version of an object; left out: the newest. */
export function versionOf(
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
): { Bucket: string; Key: string; VersionId?: string } {
  return { ...objectOf(bucket, key), ...(versionId === undefined ? {} : { VersionId: versionId }) };
}

/** Runs one request and names its failure. */
export async function withS3<T>(bucket: Bucket, facts: PlaceFacts, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw s3Failure(error, { storage: bucket.location, ...facts }, bucket.secrets);
  }
}

/** A limit of its own for what must be tried although the caller has given up. */
export const cleanUpSignal = (bucket: Bucket): AbortSignal =>
  AbortSignal.timeout(bucket.limits.cleanUpSeconds * 1000);
