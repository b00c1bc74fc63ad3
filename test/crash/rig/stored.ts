import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { createDirectoryStorage } from '../../../src/adapters/storage/directory/directory.js';
import { beginUpload } from '../../../src/adapters/storage/directory/incoming.js';
import { INCOMING } from '../../../src/adapters/storage/key-rules.js';
import { createS3Storage } from '../../../src/adapters/storage/s3/s3.js';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import type { LockConfig } from '../../../src/contracts/stack/storage.js';
import type { MinioServer } from '../../services/minio.js';
import { startCutProxy } from './cut-proxy.js';

/** Where the backups of a stack lie: as the program reaches it, and straight, for the test's own looks. */
export interface Stored {
  /** `storage.main` of the stack file. */
  readonly config: string;
  /** What the program's processes need in their environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Reached without the fault. */
  readonly port: StoragePort;
  /** Names of what lies directly under a folder, in order. */
  names(folder: string): Promise<string[]>;
  /** Uploads that have begun and not ended, by what storage itself has of them. */
  unfinished(): Promise<string[]>;
  /** Begins one and writes of it, as a worker does that is killed then. */
  leaveUpload(key: string): Promise<void>;
  close(): Promise<void>;
}

export function storedInFolder(folder: string): Stored {
  const place = { root: join(folder, 'storage'), base: join(folder, 'storage', 'crash') };
  const incoming = join(place.base, INCOMING);
  const port = createDirectoryStorage({ root: place.root, stack: 'crash' });
  return {
    config: '{ directory: { path: storage } }',
    env: {},
    port,
    names: (within) => namesIn(port, within),
    // Whatever lies there, also what no upload of ours would be known by.
    unfinished: async () => (existsSync(incoming) ? readdirSync(incoming) : []),
    leaveUpload: async (key) => writeFileSync((await beginUpload(place, key)).path, LEFT),
    close: () => Promise.resolve(),
  };
}

/** A prefix of its own in the bucket; the program reaches it through a connection that the file `cut` cuts. */
export async function storedInBucket(
  minio: MinioServer,
  of: { readonly prefix: string; readonly cut: string; readonly lock?: LockConfig | undefined },
): Promise<Stored> {
  const { prefix, cut, lock } = of;
  const { accessKey, secretKey, bucket } = minio;
  const proxy = await startCutProxy(minio.endpoint, cut);
  const port = createS3Storage({
    config: minio.config({ prefix }),
    credentials: { accessKey, secretKey },
    stack: 'crash',
    lock,
  });
  const credentials = '{ accessKey: { env: S3_ACCESS }, secretKey: { env: S3_SECRET } }';
  return {
    config: `{ s3: { bucket: ${bucket}, prefix: ${prefix}, endpoint: "${proxy.endpoint}", credentials: ${credentials} } }`,
    env: { S3_ACCESS: accessKey.reveal(), S3_SECRET: secretKey.reveal() },
    port,
    names: (within) => namesIn(port, within),
    async unfinished() {
      const found: string[] = [];
      for await (const { key, id } of port.unfinished('')) found.push(`${key} ${id}`);
      return found;
    },
    async leaveUpload(key) {
      const object = { Bucket: bucket, Key: `${prefix}/crash/${key}` };
      const { UploadId } = await minio.client.send(new CreateMultipartUploadCommand(object));
      await minio.client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: LEFT }));
    },
    close: () => proxy.close(),
  };
}

const LEFT = 'left by a killed attempt';

async function namesIn(port: StoragePort, folder: string): Promise<string[]> {
  const names = new Set<string>();
  for await (const { key } of port.list(`${folder}/`))
    names.add(key.slice(folder.length + 1).split('/')[0] ?? '');
  return [...names].sort();
}

/** An object whole; throws when it is not there. */
export async function readStored(port: StoragePort, key: string): Promise<Buffer> {
  const bytes = await port.read(key);
  if (bytes === undefined) throw new Error(`${key} is not in storage`);
  return bytes;
}
