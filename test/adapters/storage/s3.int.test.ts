import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { PART_BYTES } from '../../../src/adapters/storage/s3/cut-parts.js';
import { createS3Storage } from '../../../src/adapters/storage/s3/s3.js';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { startMinio, type MinioServer } from '../../services/minio.js';
import { all, body, digestOf } from './bodies.js';
import { killDuringPut } from './killed-put.js';
import { storageSuite } from './suite.js';

const MiB = 2 ** 20;
let minio: MinioServer;
const open = (stack: string, prefix = ''): StoragePort =>
  createS3Storage({ config: minio.config({ prefix }), credentials: minio, stack });

beforeAll(async () => {
  minio = await startMinio();
});
afterAll(async () => {
  await minio.close();
});

describe('S3 storage on MinIO', () => {
  storageSuite(() => Promise.resolve(open('suite', 'a prefix/of two')));

  it('stores under prefix and stack and shows no other stack', async () => {
    const storage = open('one', 'team/x');
    await storage.create('doc', Buffer.from('1'));
    expect(storage.location).toBe('s3://backups/team/x/one');
    expect(await all(open('one-more', 'team/x').list(''))).toEqual([]);
    const head = new HeadObjectCommand({ Bucket: minio.bucket, Key: 'team/x/one/doc' });
    expect((await minio.client.send(head)).ContentLength).toBe(1);
  });

  it('has storage keep a SHA-256 of each object: whole for one part, composite for several', async () => {
    const storage = open('checksums');
    const { sha256 } = await storage.put('small', body(100));
    await storage.put('big', body(40 * MiB));
    const checksum = async (key: string) => {
      const command = new HeadObjectCommand({
        Bucket: minio.bucket,
        Key: `checksums/${key}`,
        ChecksumMode: 'ENABLED',
      });
      return minio.client.send(command);
    };
    const small = await checksum('small');
    expect(Buffer.from(small.ChecksumSHA256 ?? '', 'base64').toString('hex')).toBe(sha256);
    expect(small.Metadata?.['sha256']).toBe(sha256);
    expect((await checksum('big')).ChecksumSHA256).toMatch(new RegExp(`-${(40 * MiB) / PART_BYTES}$`));
    expect((await storage.head('small'))?.sha256).toBe(sha256);
    expect((await storage.head('big'))?.sha256).toBeUndefined();
  });

  it('leaves of a killed put only what unfinished lists, and abortUnfinished removes it', async () => {
    const storage = open('demo');
    const key = 'data/db/20261122T020000Z-k7q2m9xd/big.zst';
    const credentials = { accessKey: minio.accessKey.reveal(), secretKey: minio.secretKey.reveal() };
    await killDuringPut({ key, s3: { config: minio.config(), ...credentials } });
    expect(await storage.head(key)).toBeUndefined();
    expect(await all(storage.list(''))).toEqual([]);
    expect(await all(storage.unfinished('data/other/'))).toEqual([]);
    const [upload, ...more] = await all(storage.unfinished('data/db/'));
    expect(more).toEqual([]);
    expect(upload?.key).toBe(key);
    await storage.abortUnfinished(upload as never);
    expect(await all(storage.unfinished(''))).toEqual([]);
    expect(
      (await minio.client.send(new ListMultipartUploadsCommand({ Bucket: minio.bucket }))).Uploads,
    ).toBeUndefined();
  });

  it('finds an unfinished upload by its exact key after MinIO was started anew', async () => {
    const storage = open('demo');
    const key = 'data/db/forgotten';
    const credentials = { accessKey: minio.accessKey.reveal(), secretKey: minio.secretKey.reveal() };
    await killDuringPut({ key, s3: { config: minio.config(), ...credentials } });
    await minio.kill();
    await minio.start();
    const found = await all(storage.unfinished(key));
    expect(found).toMatchObject([{ key }]);
    await storage.abortUnfinished(found[0] as never);
    expect(await all(storage.unfinished(key))).toEqual([]);
  });

  it('streams 1 GiB with flat memory', async () => {
    const storage = open('memory');
    await storage.put('warm-up', body(64 * MiB));
    const before = process.memoryUsage.rss();
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
    const { sha256, bytes } = await storage.put('long', body(1024 * MiB));
    expect(await digestOf(await storage.get('long'))).toBe(sha256);
    clearInterval(watch);
    expect(bytes).toBe(1024 * MiB);
    expect((peak - before) / MiB).toBeLessThan(128);
  });
});
