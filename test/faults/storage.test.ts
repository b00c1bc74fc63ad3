import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type ListPartsCommandOutput,
  type Part,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { UnfinishedUpload } from '../../src/adapters/storage/port.js';
import { PART_BYTES } from '../../src/adapters/storage/s3/cut-parts.js';
import { STALL_LIMIT_SECONDS } from '../crash/rig/cut-proxy.js';
import { openRun, untilStarted } from '../crash/rig/runs.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { readStored } from '../crash/rig/stored.js';
import { waitFor } from '../crash/rig/wait-for.js';
import { expectWhole } from '../crash/rig/whole.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { addNoise, createFaultStack, dropNoise, listed, unfinished, well } from './stack.js';

let server: PostgresService;
let minio: MinioServer;
let stack: CrashStack;
beforeAll(async () => {
  [server, minio] = await Promise.all([startPostgres(), startMinio()]);
  // At this rate an upload takes seconds; what is swept need not be old.
  const limits = `{ stall: ${STALL_LIMIT_SECONDS}s, rate: 8MB, litter: 1s }`;
  stack = await createFaultStack(server, { minio, more: `limits: ${limits}\n` });
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
  beforeAll(() => addNoise(stack));
  afterAll(() => dropNoise(stack));

  /** The parts that storage has of it, asked by its exact name. */
  const partsOf = async ({ key, id }: UnfinishedUpload): Promise<readonly Part[]> => {
    const command = new ListPartsCommand({ ...objectOf(key), UploadId: id });
    const { Parts = [] } = await minio.client.send(command).catch((error: Error) => {
      if (error.name !== 'NoSuchUpload') throw error;
      return {} as ListPartsCommandOutput;
    });
    return Parts;
  };
  /** Waits until a part of an upload has arrived, and not its last one. */
  const uploading = (): Promise<UnfinishedUpload> =>
    waitFor(
      'a part is stored',
      async () => {
        for (const upload of await unfinished(stack))
          if ((await partsOf(upload)).some(({ Size }) => Size === PART_BYTES)) return upload;
        return undefined;
      },
      { every: 20 },
    );
  /** Sweeps, after which storage lists nothing; gives how many uploads were swept. */
  const swept = async (): Promise<number> => {
    const { lines } = await well(stack, 'backup', 'sweep');
    expect(await unfinished(stack)).toEqual([]);
    return lines.filter(({ what, deleted }) => what === 'upload' && deleted).length;
  };
  /** What MinIO has forgotten by a restart is still there, and no sweep finds it. */
  const forgotten = async (upload: UnfinishedUpload): Promise<void> => {
    expect(await swept()).toBe(0);
    expect(await partsOf(upload)).not.toEqual([]);
  };

  fault('storage-killed', async () => {
    const asked = backup();
    const run = await openRun(stack, 'backup');
    const upload = await uploading();
    await minio.kill();
    await untilStarted(stack, run, 'dumpStore', 2);
    await minio.start();
    const answer = await asked;
    await expectWhole(stack, ['small']);
    await forgotten(upload);
    return answer;
  });

  fault('storage-frozen', async () => {
    const asked = backup();
    const run = await openRun(stack, 'backup');
    const upload = await uploading();
    process.kill(minio.pid(), 'SIGSTOP');
    try {
      await untilStarted(stack, run, 'dumpStore', 2);
    } finally {
      process.kill(minio.pid(), 'SIGCONT');
    }
    const answer = await asked;
    await expectWhole(stack, ['small']);
    await swept();
    expect(await partsOf(upload)).toEqual([]);
    return answer;
  });

  fault('credentials-changed', async () => {
    const before = await listed(stack);
    const asked = backup();
    const upload = await uploading();
    await minio.kill();
    await minio.start('another-secret');
    const answer = await asked;
    expect(answer.json.error.message).toContain('storage refused the credentials');
    await minio.kill();
    await minio.start();
    expect(await listed(stack)).toEqual(before);
    await taken();
    await forgotten(upload);
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
