import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
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

it('locked backups: prune and keep say until when, and a morning look fails when one is not locked as long as it is kept, or tampered with', async () => {
  for (const _ of [1, 2]) await shop.json('backup', 'run', 'db');
  const pruned = await shop.steady('backup', 'prune', 'db');
  const locked = /^locked until \d{4}-\d{2}-\d{2} \S+ +db +(\S+) /m.exec(pruned.stdout);
  expect(pruned.stdout).toContain('0 backups deleted');
  const id = locked?.[1] ?? '';

  // Kept by somebody who did not lock it.
  const mark = { version: 1, store: 'db', backupId: id, kind: 'keep', by: 'somebody' };
  await minio.client.send(
    new PutObjectCommand({
      Bucket: minio.bucket,
      Key: `shop/marks/db/${id}/20260101T000000Z-keep.json`,
      Body: JSON.stringify({ ...mark, at: '2026-01-01T00:00:00Z', until: '2150-01-01T00:00:00Z' }),
    }),
  );
  const unlocked = await shop.steady('status');
  expect([unlocked.code, unlocked.stdout]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^! NOT LOCKED: db ${id} is locked until 2\\S+ .* only, and kept until 2150-01-01 `, 'm'),
    ),
  ]);
  const kept = await shop.steady('backup', 'keep', id, '--until', '2100-01-01T00:00:00Z');
  expect(kept.stdout).toContain('and locked so long');

  const key = `manifests/db/${id}.json`;
  await minio.client.send(new DeleteObjectCommand({ Bucket: minio.bucket, Key: `shop/${key}` }));
  const status = await shop.steady('status');
  expect(status.stdout).not.toContain('NOT LOCKED');
  const told = `! TAMPERED: a delete marker over ${key} since `;
  expect([status.code, status.stdout]).toEqual([1, expect.stringContaining(told)]);
  const shown = await shop.steady('backup', 'show', id);
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(told)]);
  expect(shown.stdout).toContain('TAMPERED WITH; ');
  expect(shown.stdout).toMatch(/locked until 2100-01-01 .*, kept until 2100-01-01 /);
  expect(shown.stdout).toContain('aws s3api get-object');
});
