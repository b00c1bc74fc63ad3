import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createS3Storage } from '../../../src/adapters/storage/s3/s3.js';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { startMinio, type MinioServer } from '../../services/minio.js';
import { all } from './bodies.js';
import { keysSuite } from './suite-keys.js';
import { lockSuite } from './suite-lock.js';

let minio: MinioServer;
const open = (stack: string): StoragePort =>
  createS3Storage({
    config: minio.config(),
    credentials: minio,
    stack,
    lock: { mode: 'compliance', for: 86_400 },
  });
beforeAll(async () => {
  minio = await startMinio({ objectLock: true });
});
afterAll(() => minio.close());

describe('S3 storage with Object Lock on MinIO', () => {
  lockSuite(async () => {
    const at = (key: string) => ({ Bucket: minio.bucket, Key: `locked/${key}` });
    return {
      storage: open('locked'),
      overwrite: async (key, content, end) =>
        void (await minio.client.send(
          new PutObjectCommand({
            ...at(key),
            Body: content,
            ...(end && {
              ...{ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: end },
              // S3 takes a lock with a digest of the content only.
              ChecksumAlgorithm: 'SHA256',
            }),
          }),
        )),
      hide: async (key) => void (await minio.client.send(new DeleteObjectCommand(at(key)))),
    };
  });

  it('finds the object behind more newer versions than one listing tells', async () => {
    const storage = open('flooded');
    for (const key of ['a', 'b', 'c']) await storage.create(key, Buffer.from(`the own ${key}`));
    const over = { Bucket: minio.bucket, Key: 'flooded/b', Body: 'forged' };
    for (let sent = 0; sent < 1020; sent += 60)
      await Promise.all(Array.from({ length: 60 }, () => minio.client.send(new PutObjectCommand(over))));
    expect((await storage.read('b'))?.toString()).toBe('the own b');
    const listed = await all(storage.list(''));
    expect(listed.map((one) => [one.key, one.bytes, one.altered?.versions])).toEqual([
      ['a', 9, undefined],
      ['b', 9, 1020],
      ['c', 9, undefined],
    ]);
  });

  describe('keys', () => keysSuite(() => open('keys')));
});
