import { afterEach, expect, it, vi } from 'vitest';
import { createS3Client, S3_LIMITS } from '../../../src/adapters/storage/s3/client.js';
import { s3StorageSchema } from '../../../src/contracts/stack/storage.js';

afterEach(() => vi.restoreAllMocks());

it('says nothing about versions of Node.js that other releases of the SDK will ask for', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  createS3Client(s3StorageSchema.parse({ bucket: 'backups' }), undefined, S3_LIMITS).destroy();
  expect(warned).not.toHaveBeenCalled();
});
