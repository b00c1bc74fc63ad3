import { z } from 'zod';
import { oneOf } from '../one-of.js';
import { secretRefSchema } from '../secret.js';
import { limitSchema, sizeSchema } from './units.js';

export const s3StorageSchema = z.strictObject({
  bucket: z.string().min(3).describe('name of an existing bucket'),
  prefix: z
    .string()
    .regex(/^[^/].*[^/]$|^[^/]$|^$/, 'must not begin or end with /')
    .default('')
    .describe('key prefix in the bucket'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('for MinIO and others; AWS when left out'),
  region: z.string().min(1).default('us-east-1').describe('region of the bucket'),
  pathStyle: z.boolean().optional().describe('bucket in the path; left out: true when an endpoint is given'),
  ca: z.string().optional().describe('file with the CA certificate of the endpoint'),
  sse: z.enum(['AES256', 'aws:kms']).optional().describe('server-side encryption asked for each object'),
  credentials: z
    .strictObject({
      accessKey: secretRefSchema.describe('access key id'),
      secretKey: secretRefSchema.describe('secret access key'),
      sessionToken: secretRefSchema.optional().describe('of a temporary credential (STS)'),
    })
    .optional()
    .describe('left out: the AWS chain (environment, profile, instance role)'),
});
export type S3StorageConfig = z.infer<typeof s3StorageSchema>;

export const directoryStorageSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('absolute path, or relative to the stack file; another disk than the data'),
});
export type DirectoryStorageConfig = z.infer<typeof directoryStorageSchema>;

export const storageKindSchema = oneOf('storage.main', {
  s3: s3StorageSchema.describe('S3: AWS, MinIO and others'),
  directory: directoryStorageSchema.describe('a folder'),
});
export type StorageKindConfig = z.infer<typeof storageKindSchema>;

export const encryptionSchema = z.strictObject({
  age: z
    .strictObject({
      recipients: z
        .array(z.string().regex(/^age1[a-z0-9]+$/, 'must be an age recipient (age1…)'))
        .min(1)
        .describe('who can decrypt: the proof worker and one kept offline'),
      identity: secretRefSchema
        .optional()
        .describe('the proof worker’s identity; read only where proofs and restores run'),
    })
    .describe('age (age-encryption.org)'),
});
export type EncryptionConfig = z.infer<typeof encryptionSchema>;

export const lockSchema = z.strictObject({
  mode: z
    .enum(['governance', 'compliance'])
    .describe(
      'compliance: nobody can shorten or delete before the end, not even the owner of the account; governance: whoever has s3:BypassGovernanceRetention can',
    ),
  for: limitSchema.describe(
    'how long a backup is locked from its sealing; one that is kept longer is locked anew before it ends',
  ),
});
/** What is said of a directory with a lock. */
export const NO_LOCK_IN_A_FOLDER =
  'a folder cannot lock backups: who can write there can delete there; use S3 with Object Lock, or leave it out';
export type LockConfig = z.infer<typeof lockSchema>;

/**
 * Bytes. An upload to S3 has 10,000 parts at most, of 8 MiB here; a folder keeps to it too, so that its backups can be
 * copied to S3 as they are.
 */
const LARGEST_PIECE = 64 * 2 ** 30;

export const storageSchema = z.strictObject({
  main: storageKindSchema.describe('where backups live'),
  lock: lockSchema
    .optional()
    .describe('S3 Object Lock: sealed backups cannot be changed or deleted before its end, by no credential'),
  encryption: encryptionSchema.optional().describe('left out: backups are readable by whoever reads storage'),
  pieceLimit: sizeSchema
    .refine((bytes) => bytes <= LARGEST_PIECE, 'must be 64GiB or less')
    .prefault('64GiB')
    .describe('64GiB at most; a longer stream goes on in the next object'),
});
export type StorageConfig = z.infer<typeof storageSchema>;
