import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3ServiceException,
  type ObjectLockRetentionMode,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createS3Client, S3_LIMITS } from '../../src/adapters/storage/s3/client.js';
import type { MinioServer } from '../services/minio.js';
import type { RoleCredential } from '../services/minio-role.js';

/** One version of an object, as S3 names it. */
export interface ObjectVersion {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId: string;
}

/** `denied` by the policy; `locked`: the policy allows it, the object's lock does not. */
export type Outcome = 'done' | 'denied' | 'locked';

/** What somebody tries who has stolen a credential and knows the S3 API: past steadyhand, with no rule but S3's own. */
const ATTEMPTS = {
  read: (s3: S3Client, { Bucket, Key }: ObjectVersion) => s3.send(new GetObjectCommand({ Bucket, Key })),
  overwrite: (s3: S3Client, { Bucket, Key }: ObjectVersion) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: 'forged' })),
  hide: (s3: S3Client, { Bucket, Key }: ObjectVersion) => s3.send(new DeleteObjectCommand({ Bucket, Key })),
  delete: (s3: S3Client, version: ObjectVersion) => s3.send(new DeleteObjectCommand(version)),
  'delete past governance': (s3: S3Client, version: ObjectVersion) =>
    s3.send(new DeleteObjectCommand({ ...version, ...PAST_GOVERNANCE })),
  'lock briefly': (s3: S3Client, version: ObjectVersion) => s3.send(briefly(version, 'COMPLIANCE')),
  'lock briefly in governance': (s3: S3Client, version: ObjectVersion) =>
    s3.send(briefly(version, 'GOVERNANCE')),
  'lock briefly past governance': (s3: S3Client, version: ObjectVersion) =>
    s3.send(briefly({ ...version, ...PAST_GOVERNANCE }, 'GOVERNANCE')),
} as const;
export type Attempt = keyof typeof ATTEMPTS;
export const ALL_ATTEMPTS = Object.keys(ATTEMPTS) as readonly Attempt[];

const PAST_GOVERNANCE = { BypassGovernanceRetention: true } as const;

const briefly = (version: ObjectVersion, Mode: ObjectLockRetentionMode) =>
  new PutObjectRetentionCommand({
    ...version,
    Retention: { Mode, RetainUntilDate: new Date(Date.now() + 5000) },
    ChecksumAlgorithm: 'SHA256',
  });

/** A client with a role's own credential, and nothing of steadyhand before it. */
export function rawAccess(minio: MinioServer, credential: RoleCredential | undefined) {
  if (credential === undefined) throw new Error('the role has no credential');
  const s3 = createS3Client(minio.config(), credential, S3_LIMITS);
  return async (attempt: Attempt, version: ObjectVersion): Promise<Outcome> => {
    try {
      await ATTEMPTS[attempt](s3, version);
      return 'done';
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error;
      if (error.name === 'AccessDenied') return 'denied';
      // As MinIO says it.
      if (error.name === 'InvalidRequest' && error.message.includes('WORM')) return 'locked';
      throw error;
    }
  };
}
