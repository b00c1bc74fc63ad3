import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListPartsCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { MinioServer } from '../../services/minio.js';
import type { Cut } from '../rig/cut-proxy.js';
import { treeDigest } from '../rig/tree-digest.js';
import { waitFor } from '../rig/wait-for.js';
import type { Lane } from './lane.js';

/** Of five parts, which take some seconds at this pace. */
export const BULK_BYTES = 40 * 2 ** 20;
export const BULK_RATE = ', rate: 10MiB';

/** A backup of files while storage is cut, from the moment at which some parts of an upload are there and others are not. */
export async function cutInMultipart(lane: Lane, minio: MinioServer, cut: Cut): Promise<void> {
  const { stack } = lane;
  const uploads = join(stack.folder, 'uploads');
  writeFileSync(join(uploads, 'bulk'), randomBytes(BULK_BYTES));
  const good = treeDigest(uploads);
  const asked = stack.steady.cli('backup', 'run', 'uploads');
  const met = await waitFor('an unfinished upload that has a part', () => underWay(), { every: 10 });
  writeFileSync(join(stack.folder, 'cut'), cut);
  expect(await underWay()).toBe(met);

  const { code, json } = await asked;
  expect([code, json.error]).toEqual([0, undefined]);
  const restored = join(stack.folder, 'restored');
  await lane.cli('restore', 'latest', '--store', 'uploads', '--into', restored);
  expect(treeDigest(restored)).toBe(good);

  /** The id of the upload that has begun, has a part, and has not ended. */
  async function underWay(): Promise<string | undefined> {
    for await (const { key, id } of stack.stored.port.unfinished('data/uploads/')) {
      const Key = `${stack.prefix}/crash/${key}`;
      const of = new ListPartsCommand({ Bucket: minio.bucket, Key, UploadId: id });
      if (((await minio.client.send(of)).Parts ?? []).length > 0) return id;
    }
    return undefined;
  }
}
