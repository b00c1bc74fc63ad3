import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  PutObjectRetentionCommand,
  type GetObjectRetentionCommandOutput,
  type ObjectLockRetentionMode,
} from '@aws-sdk/client-s3';
import type { CheckLine } from '../../../contracts/runs/check-line.js';
import { SteadyError } from '../../../contracts/failures.js';
import { formatDuration } from '../../../contracts/stack/units.js';
import type { LockConfig } from '../../../contracts/stack/storage.js';
import { requireLegalKey, requireLegalPrefix } from '../key-rules.js';
import type { LockPort, ObjectLockEnd } from '../port.js';
import { versionOf, withS3, type Bucket } from './bucket.js';
import { s3ErrorCode } from './s3-failure.js';
import { deleteVersion, listVersions, versionsOf } from './versions.js';

export const lockMode = (lock: LockConfig): ObjectLockRetentionMode =>
  lock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';

type Locking = Bucket & { readonly lock: LockConfig };
export const isLocking = (bucket: Bucket): bucket is Locking => bucket.lock !== undefined;

/** @param create as the storage's own, and locked where a time is given */
export function lockPort(bucket: Locking, create: LockPort['create']): LockPort {
  return {
    create,
    async lock(key, until) {
      requireLegalKey(key);
      await lockObject(bucket, key, until);
    },
    async until(key) {
      requireLegalKey(key);
      return await lockedUntil(bucket, key);
    },
    async ends(prefix) {
      requireLegalPrefix(prefix);
      return await lockEnds(bucket, prefix);
    },
    check: () => checkObjectLock(bucket),
  };
}

/** Locks the oldest version of a key until then at least; what is locked longer stays so, in the stricter mode. */
async function lockObject(bucket: Locking, key: string, until: Date): Promise<void> {
  const oldest = (await versionsOf(bucket, key))?.oldest;
  if (oldest === undefined) throw new SteadyError('storage.missing', { storage: bucket.location, key });
  const now = await retentionOf(bucket, key, oldest.id);
  if (now?.RetainUntilDate !== undefined && now.RetainUntilDate >= until) return;
  const Mode = now?.Mode === 'COMPLIANCE' ? 'COMPLIANCE' : lockMode(bucket.lock);
  const command = new PutObjectRetentionCommand({
    ...versionOf(bucket, key, oldest.id),
    Retention: { Mode, RetainUntilDate: until },
    ChecksumAlgorithm: 'SHA256',
  });
  await withS3(bucket, { key }, () => bucket.client.send(command));
}

/** The longest lock of any version of a key: as long as that, the key cannot be emptied. */
async function lockedUntil(bucket: Bucket, key: string): Promise<Date | undefined> {
  const ends: number[] = [];
  for (const { id } of (await versionsOf(bucket, key))?.versions ?? []) {
    const end = (await retentionOf(bucket, key, id))?.RetainUntilDate;
    if (end !== undefined) ends.push(end.getTime());
  }
  return ends.length === 0 ? undefined : new Date(Math.max(...ends));
}

/** Requests for locks at a time. */
const LOOKS_AT_A_TIME = 8;

async function lockEnds(bucket: Bucket, prefix: string): Promise<ObjectLockEnd[]> {
  const objects: { readonly key: string; readonly id: string }[] = [];
  for await (const { key, oldest } of listVersions(bucket, prefix))
    if (oldest) objects.push({ key, id: oldest.id });
  const found: ObjectLockEnd[] = [];
  while (found.length < objects.length) {
    const next = objects.slice(found.length, found.length + LOOKS_AT_A_TIME);
    const asked = next.map(async ({ key, id }) => {
      const lock = await retentionOf(bucket, key, id);
      return { key, end: lock?.RetainUntilDate };
    });
    found.push(...(await Promise.all(asked)));
  }
  return found;
}

/**
 * Removes all of a key for good. The newest go first: as long as anything is left, the oldest is the object it always
 * was, never one that somebody put over it.
 */
export async function deleteVersions(bucket: Bucket, key: string): Promise<void> {
  for (const id of (await versionsOf(bucket, key))?.ids ?? []) {
    try {
      await withS3(bucket, { key }, () => deleteVersion(bucket, key, id));
    } catch (error) {
      // AWS says denied, MinIO an invalid request; neither says until when.
      const until = (await retentionOf(bucket, key, id).catch(() => undefined))?.RetainUntilDate;
      if (until === undefined || until.getTime() <= Date.now()) throw error;
      const facts = { storage: bucket.location, key, until: until.toISOString() };
      throw new SteadyError('storage.locked', facts, { cause: error });
    }
  }
}

type Retention = GetObjectRetentionCommandOutput['Retention'];

async function retentionOf(bucket: Bucket, key: string, versionId: string): Promise<Retention> {
  return await withS3(bucket, { key }, async () => {
    try {
      return (await bucket.client.send(new GetObjectRetentionCommand(versionOf(bucket, key, versionId))))
        .Retention;
    } catch (error) {
      if (NO_LOCK.has(s3ErrorCode(error) ?? '')) return undefined;
      throw error;
    }
  });
}

/** A version without a lock; a delete marker, which cannot have one; a version that is gone. */
const NO_LOCK = new Set(['NoSuchObjectLockConfiguration', 'MethodNotAllowed', 'NoSuchVersion']);

/** Whether the bucket can lock, and locks nothing by itself. */
async function checkObjectLock(bucket: Locking): Promise<CheckLine[]> {
  const what = 'storage lock';
  const { Bucket: name } = versionOf(bucket, '', undefined);
  const [config, versioning] = await withS3(bucket, { bucket: name }, async () => [
    await bucket.client
      .send(new GetObjectLockConfigurationCommand({ Bucket: name }))
      .then((answer) => answer.ObjectLockConfiguration)
      .catch((error: unknown) => {
        if (s3ErrorCode(error) === 'ObjectLockConfigurationNotFoundError') return undefined;
        throw error;
      }),
    (await bucket.client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status,
  ]);
  if (config?.ObjectLockEnabled !== 'Enabled' || versioning !== 'Enabled') {
    const missing = config?.ObjectLockEnabled === 'Enabled' ? 'versioning' : 'Object Lock';
    const hint =
      'Make a bucket with it: `aws s3api create-bucket --object-lock-enabled-for-bucket`, `mc mb --with-lock`.';
    return [{ what, status: 'error', message: `the bucket ${name} has no ${missing}`, hint }];
  }
  const { mode } = bucket.lock;
  const lines: CheckLine[] = [
    {
      what,
      status: 'ok',
      message: `sealed backups are locked for ${formatDuration(bucket.lock.for)} (${mode})`,
    },
  ];
  if (config.Rule?.DefaultRetention !== undefined)
    lines.push({
      what,
      status: 'warning',
      message: 'the bucket locks everything by a default of its own, what failed attempts leave too',
      hint: 'Remove its default retention: steadyhand locks each sealed object itself.',
    });
  return lines;
}
