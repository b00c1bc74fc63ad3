/**
 * A process that puts a stream without end and says so once bytes have gone to storage, for tests that kill it.
 * Config comes on stdin, so that no secret is in argv: `{ directory }` or `{ config, accessKey, secretKey }`.
 */
import { text } from 'node:stream/consumers';
import { createDirectoryStorage } from '../../../src/adapters/storage/directory/directory.js';
import { createS3Storage } from '../../../src/adapters/storage/s3/s3.js';
import { Secret } from '../../../src/contracts/secret.js';
import type { S3StorageConfig } from '../../../src/contracts/stack/storage.js';
import { body } from './bodies.js';

interface Given {
  readonly key: string;
  readonly directory?: string;
  readonly s3?: { readonly config: S3StorageConfig; readonly accessKey: string; readonly secretKey: string };
}

const { key, directory, s3 } = JSON.parse(await text(process.stdin)) as Given;
const storage = s3
  ? createS3Storage({
      config: s3.config,
      credentials: { accessKey: new Secret(s3.accessKey), secretKey: new Secret(s3.secretKey) },
      stack: 'demo',
    })
  : createDirectoryStorage({ root: directory ?? '', stack: 'demo' });
let told = false;
await storage.put(key, body(2 ** 40), {
  onProgress: (bytes) => {
    if (!told && bytes > 20 * 2 ** 20) process.stdout.write('moving\n');
    told ||= bytes > 20 * 2 ** 20;
  },
});
