import { createHash, randomUUID } from 'node:crypto';
import { AbortMultipartUploadCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SteadyError } from '../../../contracts/failures.js';
import type { LockConfig, S3StorageConfig } from '../../../contracts/stack/storage.js';
import { giveStream, readWhole } from '../give-stream.js';
import { requireLegalKey, requireLegalPrefix } from '../key-rules.js';
import type { StoragePort } from '../port.js';
import { objectOf, withS3, type Bucket } from './bucket.js';
import { createS3Client, S3_LIMITS, type S3Credentials, type S3Limits } from './client.js';
import { headObject } from './confirm.js';
import { download, getObject } from './download.js';
import { listObjects, listUnfinished } from './list-objects.js';
import { deleteVersions, isLocking, lockPort } from './object-lock.js';
import { putObject, putStream } from './put-stream.js';
import { s3ErrorCode } from './s3-failure.js';
import { shellCommand } from './shell-command.js';
import { versionsOf } from './versions.js';

export interface S3StorageOptions {
  /** `ca` must be absolute. */
  readonly config: S3StorageConfig;
  /** Left out: the AWS chain. */
  readonly credentials?: S3Credentials | undefined;
  readonly stack: string;
  /** Left out: the newest version of a key is the object, and nothing is locked. */
  readonly lock?: LockConfig | undefined;
  /** Shorter waits for tests. */
  readonly limits?: Partial<S3Limits>;
}

/** Storage in an S3 bucket (AWS, MinIO). The bucket must exist. Throws `config.invalid` when the CA cannot be read. */
export function createS3Storage(options: S3StorageOptions): StoragePort {
  const { config, credentials, stack } = options;
  const limits = { ...S3_LIMITS, ...options.limits };
  const folder = config.prefix === '' ? stack : `${config.prefix}/${stack}`;
  const bucket: Bucket = {
    client: createS3Client(config, credentials, limits),
    config,
    lock: options.lock,
    limits,
    base: `${folder}/`,
    location: `s3://${config.bucket}/${folder}`,
    secrets: credentials
      ? [credentials.accessKey, credentials.secretKey, credentials.sessionToken].filter(
          (one) => one !== undefined,
        )
      : [],
  };
  /** What is not there is undefined; a bucket that is not there is an error. */
  const ifThere = async <T>(key: string, request: () => Promise<T>): Promise<T | undefined> => {
    requireLegalKey(key);
    try {
      return await withS3(bucket, { key }, request);
    } catch (error) {
      if (error instanceof SteadyError && error.code === 'storage.missing') return undefined;
      throw error;
    }
  };
  /** Which version to ask for: with a lock the oldest, else the newest. Fails with `storage.missing`. */
  const versionId = async (key: string): Promise<string | undefined> => {
    if (!bucket.lock) return undefined;
    const oldest = (await versionsOf(bucket, key))?.oldest;
    if (oldest === undefined) throw new SteadyError('storage.missing', { storage: bucket.location, key });
    return oldest.id;
  };
  const create = async (
    key: string,
    content: Uint8Array,
    lockUntil?: Date,
  ): Promise<'created' | 'exists'> => {
    requireLegalKey(key);
    // A delete marker makes way for a second version of what it hides.
    if (bucket.lock && (await versionsOf(bucket, key))?.oldest !== undefined) return 'exists';
    try {
      const sha256 = createHash('sha256').update(content).digest('hex');
      const known = { token: randomUUID(), sha256, ...(lockUntil && { lockUntil }) };
      await putObject(bucket, key, content, known);
      return 'created';
    } catch (error) {
      if (error instanceof SteadyError && error.code === 'storage.exists') return 'exists';
      throw error;
    }
  };

  return {
    location: bucket.location,
    shellCat(key) {
      requireLegalKey(key);
      return shellCommand(config, bucket.base + key, { oldest: bucket.lock !== undefined });
    },

    async put(key, body, putOptions) {
      requireLegalKey(key);
      return putStream(bucket, key, body, putOptions);
    },

    create: (key, content) => create(key, content),
    ...(isLocking(bucket) && { lock: lockPort(bucket, create) }),

    async get(key, getOptions = {}) {
      requireLegalKey(key);
      // Ends the connection when the stream is destroyed, and before there is one.
      const ended = new AbortController();
      const signal = getOptions.signal ? AbortSignal.any([ended.signal, getOptions.signal]) : ended.signal;
      const first = await getObject(bucket, key, { versionId: await versionId(key), signal }).catch(
        (error: unknown) => {
          if (!getOptions.signal?.aborted) throw error;
          throw new SteadyError('cancelled', { key }, { cause: error });
        },
      );
      const stream = giveStream((stopped) => download(bucket, key, first, stopped), {
        key,
        signal: getOptions.signal,
      });
      return stream.once('close', () => ended.abort());
    },

    read: (key) =>
      ifThere(key, async () => {
        const answer = await getObject(bucket, key, { versionId: await versionId(key) });
        return readWhole(download(bucket, key, answer, new AbortController().signal));
      }),

    async head(key) {
      const there = await ifThere(key, async () =>
        headObject(bucket, key, { versionId: await versionId(key) }),
      );
      // A 404 on HEAD has no body, so it may be the bucket that is missing: a GET says which.
      // A listing of versions has said so already.
      if (!there && bucket.lock) return undefined;
      if (!there) return void (await ifThere(key, () => getObject(bucket, key, { from: 0 })).then(endBody));
      if (there.ContentLength === undefined) {
        throw new SteadyError('storage.refused', { storage: bucket.location, key, says: 'no size' });
      }
      const whole = there.ChecksumSHA256?.includes('-') === false ? there.ChecksumSHA256 : undefined;
      const sha256 = whole === undefined ? {} : { sha256: Buffer.from(whole, 'base64').toString('hex') };
      return { bytes: there.ContentLength, ...sha256 };
    },

    async *list(prefix) {
      requireLegalPrefix(prefix);
      yield* listObjects(bucket, prefix);
    },

    async delete(key) {
      if (!bucket.lock)
        return void (await ifThere(key, () =>
          bucket.client.send(new DeleteObjectCommand(objectOf(bucket, key))),
        ));
      requireLegalKey(key);
      await deleteVersions(bucket, key);
    },

    async *unfinished(prefix) {
      requireLegalPrefix(prefix);
      yield* listUnfinished(bucket, prefix);
    },

    async abortUnfinished({ key, id }) {
      requireLegalKey(key);
      const command = new AbortMultipartUploadCommand({ ...objectOf(bucket, key), UploadId: id });
      await withS3(bucket, { key, upload: id }, async () => {
        await bucket.client.send(command).catch((error: unknown) => {
          if (s3ErrorCode(error) !== 'NoSuchUpload') throw error;
        });
      });
    },

    free: () => Promise.resolve(undefined),
  };
}

/** Lets go of an answer nobody reads. */
function endBody(answer: Awaited<ReturnType<typeof getObject>> | undefined): void {
  (answer?.Body as { destroy?: () => void } | undefined)?.destroy?.();
}
