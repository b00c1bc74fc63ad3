import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMinio, type MinioServer } from '../services/minio.js';
import { createShop, type ShopStack } from './rig/stack.js';

let shop: ShopStack;
let minio: MinioServer;
beforeAll(async () => {
  minio = await startMinio({ objectLock: true });
  const { bucket, endpoint } = minio;
  const credentials = 'credentials: { accessKey: { env: S3_KEY }, secretKey: { env: S3_SECRET } }';
  shop = await createShop({
    storage: {
      text: `main: { s3: { bucket: ${bucket}, endpoint: "${endpoint}", ${credentials} } }
  lock: { mode: compliance, for: 10d }`,
      env: { S3_KEY: minio.accessKey.reveal(), S3_SECRET: minio.secretKey.reveal() },
    },
    plans:
      'nightly: { schedule: "30 3 * * *", stores: [db], keep: { last: 1, verified: 1 }, verify: readable, prove: { schedule: never } }',
  });
  await shop.up.start();
}, 180_000);
afterAll(async () => {
  await shop.close();
  await minio.close();
});

it('locked backups: prune and keep say until when, and a morning look fails when one was tampered with', async () => {
  for (const _ of [1, 2]) await shop.json('backup', 'run', 'db');
  const pruned = await shop.steady('backup', 'prune', 'db');
  const locked = /^locked until \d{4}-\d{2}-\d{2} \S+ +db +(\S+) /m.exec(pruned.stdout);
  expect(pruned.stdout).toContain('0 backups deleted');
  const id = locked?.[1] ?? '';
  const kept = await shop.steady('backup', 'keep', id, '--until', '2100-01-01T00:00:00Z');
  expect(kept.stdout).toContain('and locked so long');

  const key = `manifests/db/${id}.json`;
  await minio.client.send(new DeleteObjectCommand({ Bucket: minio.bucket, Key: `shop/${key}` }));
  const status = await shop.steady('status');
  const told = `! TAMPERED: a delete marker over ${key} since `;
  expect([status.code, status.stdout]).toEqual([1, expect.stringContaining(told)]);
  const shown = await shop.steady('backup', 'show', id);
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(told)]);
  expect(shown.stdout).toContain('TAMPERED WITH; ');
  expect(shown.stdout).toMatch(/locked until 2100-01-01 .*, kept until 2100-01-01 /);
  expect(shown.stdout).toContain('aws s3api get-object');
});
