import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { createS3Storage } from '../../../src/adapters/storage/s3/s3.js';
import { startMinio, type MinioServer } from '../../services/minio.js';
import { all, body, digestOf } from './bodies.js';
import { startFaultProxy, type Fault } from './fault-proxy.js';

const MiB = 2 ** 20;
let minio: MinioServer;

beforeAll(async () => {
  minio = await startMinio();
});
afterAll(async () => {
  await minio.close();
});

describe('S3 storage behind a bad network', () => {
  const proxies: { close(): void }[] = [];
  afterEach(() => {
    for (const proxy of proxies.splice(0)) proxy.close();
  });
  const openBehind = async (stack: string, fault: Fault): Promise<StoragePort> => {
    const proxy = await startFaultProxy(minio.endpoint, fault);
    proxies.push(proxy);
    const config = minio.config({ endpoint: proxy.endpoint });
    return createS3Storage({ config, credentials: minio, stack });
  };
  const isPut = (incoming: IncomingMessage): boolean => incoming.method === 'PUT';
  const isComplete = (incoming: IncomingMessage): boolean =>
    incoming.method === 'POST' && (incoming.url ?? '').includes('uploadId=');

  it('knows its own object again when the answer to the completion is lost', async () => {
    const storage = await openBehind('lost', { loseAnswer: isComplete });
    const { sha256 } = await storage.put('big', body(40 * MiB));
    expect(await digestOf(await storage.get('big'))).toBe(sha256);
    expect(await all(storage.unfinished('big'))).toEqual([]);
  });

  it('knows its own object again when the answer to a small put or a create is lost', async () => {
    await (await openBehind('lost-small', { loseAnswer: isPut })).put('small', body(100));
    const storage = await openBehind('lost-doc', { loseAnswer: isPut });
    expect(await storage.create('doc', Buffer.from('mine'))).toBe('created');
    expect(await storage.create('doc', Buffer.from('other'))).toBe('exists');
  });

  it.each([100, 40 * MiB])('stores nothing when a bit flips on the way (%i bytes)', async (bytes) => {
    const storage = await openBehind(`flipped-${bytes}`, { damage: isPut });
    await expect(storage.put('a', body(bytes))).rejects.toMatchObject({ code: 'storage.mismatch' });
    expect(await all(storage.list(''))).toEqual([]);
    expect(await all(storage.unfinished('a'))).toEqual([]);
  });
});

describe('S3 storage with TLS', () => {
  let folder: string;
  let secure: MinioServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steady-certs-'));
    const ca = join(folder, 'public.crt');
    const subject = ['-subj', '/CN=minio', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      join(folder, 'private.key'),
    ];
    await promisify(execFile)('openssl', ['req', '-x509', '-days', '2', ...key, '-out', ca, ...subject]);
    secure = await startMinio({ tls: { certsFolder: folder, ca } });
  });
  afterAll(async () => {
    await secure?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('trusts the CA that is named', async () => {
    const storage = createS3Storage({ config: secure.config(), credentials: secure, stack: 'demo' });
    const { sha256 } = await storage.put('big', body(17 * MiB));
    expect(await digestOf(await storage.get('big'))).toBe(sha256);
  });

  it('trusts nobody else', async () => {
    const config = secure.config();
    delete config.ca;
    const storage = createS3Storage({ config, credentials: secure, stack: 'demo' });
    const error: unknown = await storage.read('doc').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'storage.unreachable' });
    expect(String(error)).toMatch(/self.signed certificate/i);
  });
});
