import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { STALL_LIMIT_SECONDS } from '../crash/rig/cut-proxy.js';
import { openRun, untilStarted } from '../crash/rig/runs.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { readStored } from '../crash/rig/stored.js';
import { expectWhole } from '../crash/rig/whole.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { copying, createFaultStack, listed } from './stack.js';

let server: PostgresService;
let minio: MinioServer;
let stack: CrashStack;
beforeAll(async () => {
  [server, minio] = await Promise.all([startPostgres(), startMinio()]);
  stack = await createFaultStack(server, { minio, more: `limits: { stall: ${STALL_LIMIT_SECONDS}s }\n` });
});
afterAll(async () => {
  await stack?.close();
  await Promise.all([server?.stop(), minio?.close()]);
});

const backup = () => stack.steady.cli('backup', 'run', 'small');
const taken = async (): Promise<string> => {
  const before = await listed(stack);
  expect((await backup()).code).toBe(0);
  return (await listed(stack)).find((id) => !before.includes(id)) ?? '';
};
/** A key as storage itself has it. */
const objectOf = (key: string) => ({ Bucket: minio.bucket, Key: `${stack.prefix}/crash/${key}` });
const put = (key: string, body: Buffer) =>
  minio.client.send(new PutObjectCommand({ ...objectOf(key), Body: body }));

describe('an upload', () => {
  fault('storage-killed', async () => {
    const asked = backup();
    const run = await openRun(stack, 'backup');
    await copying(stack);
    await minio.kill();
    await untilStarted(stack, run, 'dumpStore', 2);
    await minio.start();
    const answer = await asked;
    await expectWhole(stack, ['small']);
    return answer;
  });

  fault('storage-frozen', async () => {
    const asked = backup();
    const run = await openRun(stack, 'backup');
    await copying(stack);
    process.kill(minio.pid(), 'SIGSTOP');
    try {
      await untilStarted(stack, run, 'dumpStore', 2);
    } finally {
      process.kill(minio.pid(), 'SIGCONT');
    }
    const answer = await asked;
    await expectWhole(stack, ['small']);
    return answer;
  });

  fault('credentials-expired', async () => {
    const before = await listed(stack);
    const asked = backup();
    await copying(stack);
    await minio.kill();
    await minio.start('another-secret');
    const answer = await asked;
    expect(answer.json.error.message).toContain('storage refused the credentials');
    await minio.kill();
    await minio.start();
    expect(await listed(stack)).toEqual(before);
    await taken();
    return answer;
  });
});

describe('a stored backup', () => {
  const spoilt = (
    name: 'object-missing' | 'object-changed' | 'object-cut',
    spoil: (key: string) => unknown,
  ) =>
    fault(name, async () => {
      const good = (await listed(stack)).at(-1);
      const id = await taken();
      const manifest = JSON.parse(String(await readStored(stack.stored.port, `manifests/small/${id}.json`)));
      await spoil(manifest.streams[0].pieces[0].key);
      const answer = await stack.steady.cli('backup', 'verify', id);
      const { json } = await stack.steady.cli('restore', 'latest', '--dry-run');
      expect(JSON.stringify(json)).toContain(`small: from ${good}`);
      // So that the next one has a good one before it.
      await minio.client.send(new DeleteObjectCommand(objectOf(`manifests/small/${id}.json`)));
      return answer;
    });

  spoilt('object-missing', (key) => minio.client.send(new DeleteObjectCommand(objectOf(key))));
  spoilt('object-changed', async (key) => {
    const bytes = await readStored(stack.stored.port, key);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    await put(key, bytes);
  });
  spoilt('object-cut', async (key) => {
    const bytes = await readStored(stack.stored.port, key);
    await put(key, bytes.subarray(0, -7));
  });

  fault('manifest-future', async () => {
    const id = await taken();
    const key = `manifests/small/${id}.json`;
    const manifest = JSON.parse(String(await readStored(stack.stored.port, key)));
    await put(key, Buffer.from(JSON.stringify({ ...manifest, version: 99 })));
    const answer = await stack.steady.cli('restore', id, '--dry-run');
    const pruned = await stack.steady.cli('backup', 'prune');
    expect(pruned.json.lines?.some((line) => line.deleted) ?? false).toBe(false);
    await put(key, Buffer.from(JSON.stringify(manifest)));
    expect((await stack.steady.cli('restore', id, '--dry-run')).code).toBe(0);
    return answer;
  });
});

describe('a bucket', () => {
  fault('bucket-missing', async () => {
    await minio.removeBucket();
    const answer = await backup();
    await minio.client.send(new CreateBucketCommand({ Bucket: minio.bucket }));
    expect((await backup()).json.error.code).toBe('storage.emptied');
    return answer;
  });
});
