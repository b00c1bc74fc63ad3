import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { createS3Storage } from '../../../src/adapters/storage/s3/s3.js';
import type { SteadyError } from '../../../src/contracts/failures.js';
import { Secret } from '../../../src/contracts/secret.js';
import type { S3StorageConfig } from '../../../src/contracts/stack/storage.js';
import { startMinio, type MinioServer } from '../../services/minio.js';
import { all, body, digestOf, hangingBody } from './bodies.js';

const MiB = 2 ** 20;
const impatient = { connectSeconds: 1, stallSeconds: 1, attempts: 2, cleanUpSeconds: 3 };
let minio: MinioServer;
const open = (stack: string, changes: Partial<S3StorageConfig> = {}): StoragePort =>
  createS3Storage({ config: minio.config(changes), credentials: minio, stack });

beforeAll(async () => {
  minio = await startMinio();
});
afterAll(async () => {
  await minio.close();
});

/** Every way to use a storage, each with a promise of its own. */
function everyUse(storage: StoragePort): [string, () => Promise<unknown>][] {
  return [
    ['put of a little', () => storage.put('use/little', body(1))],
    ['put of one part', () => storage.put('use/part', body(16 * MiB))],
    ['put of a lot', () => storage.put('use/lot', body(40 * MiB))],
    ['create', () => storage.create('use/doc', Buffer.from('x'))],
    ['get', () => storage.get('use/none')],
    ['read', () => storage.read('use/none')],
    ['head', () => storage.head('use/none')],
    ['list', () => all(storage.list(''))],
    ['delete', () => storage.delete('use/none')],
    ['unfinished', () => all(storage.unfinished(''))],
  ];
}

describe('S3 storage says what is wrong', () => {
  it.each([
    ['a wrong secret', () => ({ accessKey: minio.accessKey, secretKey: new Secret('wrong-secret-key') })],
    ['an unknown access key', () => ({ accessKey: new Secret('nobody-known'), secretKey: minio.secretKey })],
  ])('denied for %s, without telling the secret', async (_, credentials) => {
    const given = credentials();
    const storage = createS3Storage({ config: minio.config(), credentials: given, stack: 'denied' });
    for (const [use, run] of everyUse(storage)) {
      const error: unknown = await run().catch((reason: unknown) => reason);
      expect(error, use).toMatchObject({ code: 'storage.denied', retryable: false });
      const shown = `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)}`;
      expect(shown).not.toContain(given.secretKey.reveal());
      expect(shown).not.toContain(given.accessKey.reveal());
    }
  });

  it('bucket missing for a bucket that is not there', async () => {
    const storage = open('demo', { bucket: 'not-there' });
    for (const [use, run] of everyUse(storage)) {
      await expect(run(), use).rejects.toMatchObject({ code: 'storage.bucket-missing' });
    }
  });

  it('full when its disk is full, and leaves nothing', async () => {
    const small = await startMinio({ tmpfsBytes: 96 * MiB });
    try {
      const storage = createS3Storage({ config: small.config(), credentials: small, stack: 'demo' });
      const stored: string[] = [];
      // MinIO has several answers for the one write that fills the disk; whoever tries again is told clearly.
      const codes: string[] = [];
      while (codes.length < 10 && codes.at(-1) !== 'storage.full') {
        const key = `fill/${stored.length + 10}`;
        await storage.put(key, body(8 * MiB)).then(
          () => stored.push(key),
          (error: SteadyError) => codes.push(error.retryable ? 'tried again' : error.code),
        );
      }
      expect(new Set(codes.slice(0, -1))).toEqual(new Set(codes.length > 1 ? ['tried again'] : []));
      expect(codes.at(-1)).toBe('storage.full');
      await expect(storage.put('big', body(40 * MiB))).rejects.toThrow();
      expect((await all(storage.list(''))).map((object) => object.key)).toEqual(stored);
      expect(await all(storage.unfinished(''))).toEqual([]);
    } finally {
      await small.close();
    }
  });
});

describe('S3 storage that goes away', () => {
  it('is unreachable at once when it is stopped, and fine when it is back', async () => {
    const storage = open('stopped');
    await storage.create('doc', Buffer.from('kept'));
    await minio.kill();
    try {
      for (const [use, run] of everyUse(storage)) {
        const since = Date.now();
        const unreachable = { code: 'storage.unreachable', retryable: true };
        await expect(run(), use).rejects.toMatchObject(unreachable);
        expect(Date.now() - since, use).toBeLessThan(10_000);
      }
    } finally {
      await minio.start();
    }
    expect((await storage.read('doc'))?.toString()).toBe('kept');
  });

  it('is unreachable within its limits when it is killed in the middle of a put, which leaves nothing visible', async () => {
    const storage = open('killed');
    let killed: Promise<void> | undefined;
    const put = storage.put('data/a', body(2 ** 40), { onProgress: () => void (killed ??= minio.kill()) });
    await expect(put).rejects.toMatchObject({ code: 'storage.unreachable' });
    await killed;
    await minio.start();
    expect(await all(storage.list(''))).toEqual([]);
    // It could not be told to drop the parts: they are listed, by exact key after its restart.
    const left = await all(storage.unfinished('data/a'));
    expect(left).toHaveLength(1);
    await storage.abortUnfinished(left[0] as never);
    expect(await all(storage.unfinished('data/a'))).toEqual([]);
  });

  it('is unreachable within its limits when it hangs: in a put, a read and a listing', async () => {
    const storage = createS3Storage({
      config: minio.config(),
      credentials: minio,
      stack: 'hung',
      limits: impatient,
    });
    let frozen = false;
    const freeze = (): void => {
      if (!frozen) process.kill(minio.pid(), 'SIGSTOP');
      frozen = true;
    };
    try {
      const since = Date.now();
      const put = storage.put('a', body(2 ** 40), { onProgress: freeze });
      await expect(put).rejects.toMatchObject({ code: 'storage.unreachable' });
      await expect(storage.read('a')).rejects.toMatchObject({ code: 'storage.unreachable' });
      await expect(all(storage.list(''))).rejects.toMatchObject({ code: 'storage.unreachable' });
      expect(Date.now() - since).toBeLessThan(30_000);
    } finally {
      process.kill(minio.pid(), 'SIGCONT');
    }
    await expect.poll(() => all(storage.list('')), { timeout: 10_000 }).toEqual([]);
  });

  it('lets an abort through at once while it hangs', async () => {
    const storage = createS3Storage({
      config: minio.config(),
      credentials: minio,
      stack: 'hung-abort',
      limits: { cleanUpSeconds: 1 },
    });
    const abort = new AbortController();
    try {
      const put = storage.put('a', hangingBody(60 * MiB), {
        signal: abort.signal,
        onProgress: () => {
          process.kill(minio.pid(), 'SIGSTOP');
          abort.abort();
        },
      });
      const since = Date.now();
      await expect(put).rejects.toMatchObject({ code: 'cancelled' });
      expect(Date.now() - since).toBeLessThan(10_000);
    } finally {
      process.kill(minio.pid(), 'SIGCONT');
    }
  });

  it('goes on reading after its connection was given up during a slow restore', async () => {
    const storage = createS3Storage({
      config: minio.config(),
      credentials: minio,
      stack: 'slow',
      limits: impatient,
    });
    const { sha256 } = await storage.put('a', body(40 * MiB));
    const slowly = async function* (): AsyncGenerator<Buffer> {
      let bytes = 0;
      let paused = false;
      for await (const chunk of await storage.get('a')) {
        bytes += (chunk as Buffer).length;
        yield chunk as Buffer;
        // Longer than the stall limit, with most of the object still to come.
        if (!paused && bytes > 2 * MiB) await sleep(2500);
        paused ||= bytes > 2 * MiB;
      }
    };
    expect(await digestOf(slowly())).toBe(sha256);
  });
});
