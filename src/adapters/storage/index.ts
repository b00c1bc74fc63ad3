import { isAbsolute, resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import type { LockConfig, S3StorageConfig, StorageKindConfig } from '../../contracts/stack/storage.js';
import type { SecretsPort } from '../secrets/port.js';
import { NO_LOCK_IN_A_FOLDER } from '../../contracts/stack/storage.js';
import { createDirectoryStorage } from './directory/directory.js';
import type { StoragePort } from './port.js';
import { S3_LIMITS } from './s3/client.js';
import { createS3Storage } from './s3/s3.js';

export interface CreateStorageOptions {
  readonly stack: string;
  /** Folder of the stack file: relative paths in the config start there. Absolute. */
  readonly baseFolder: string;
  /**
   * A connection that moves no byte for this long is given up, and so is what cleans up after it; never later than the
   * adapter's own limits.
   */
  readonly stallSeconds: number;
  readonly secrets: Pick<SecretsPort, 'resolve'>;
  readonly lock?: LockConfig | undefined;
}

/**
 * The storage a stack names. Reaches nothing yet.
 *
 * @throws `secret.missing`; `config.invalid` for an unknown kind, a lock that it cannot hold, a CA file that cannot be
 * read
 */
export async function createStorage(
  config: StorageKindConfig,
  options: CreateStorageOptions,
): Promise<StoragePort> {
  const { directory, s3 } = config;
  if (directory !== undefined) {
    if (options.lock)
      throw new SteadyError('config.invalid', { field: 'storage.lock', error: NO_LOCK_IN_A_FOLDER });
    return createDirectoryStorage({
      root: resolve(options.baseFolder, directory.path),
      stack: options.stack,
    });
  }
  if (s3 !== undefined) return createS3(s3, options);
  throw new SteadyError('config.invalid', {
    field: 'storage.main',
    found: Object.keys(config).join(',') || 'nothing',
  });
}

async function createS3(config: S3StorageConfig, options: CreateStorageOptions): Promise<StoragePort> {
  const { credentials } = config;
  const resolved = credentials && {
    accessKey: await options.secrets.resolve(credentials.accessKey),
    secretKey: await options.secrets.resolve(credentials.secretKey),
    sessionToken: credentials.sessionToken && (await options.secrets.resolve(credentials.sessionToken)),
  };
  const ca =
    config.ca === undefined || isAbsolute(config.ca) ? config.ca : resolve(options.baseFolder, config.ca);
  return createS3Storage({
    config: ca === undefined ? config : { ...config, ca },
    credentials: resolved,
    lock: options.lock,
    stack: options.stack,
    limits: {
      stallSeconds: Math.min(options.stallSeconds, S3_LIMITS.stallSeconds),
      cleanUpSeconds: Math.min(options.stallSeconds, S3_LIMITS.cleanUpSeconds),
    },
  });
}
