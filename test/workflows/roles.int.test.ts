import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createRoleChecks } from '../../src/activities/check-roles.js';
import type { Ports } from '../../src/activities/ports.js';
import type { StoragePort } from '../../src/adapters/storage/port.js';
import { createS3Storage } from '../../src/adapters/storage/s3/s3.js';
import type { Steady } from '../../src/client/connect.js';
import { resultOf } from '../../src/client/outcome.js';
import { startRun } from '../../src/client/start.js';
import type { Procedure } from '../../src/contracts/ids.js';
import { ROLES, type Role } from '../../src/contracts/names.js';
import type { CheckLine } from '../../src/contracts/runs/check-line.js';
import type { BackupResult, PruneResult, VerifyResult } from '../../src/contracts/runs/procedures.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { wire } from '../../src/workers/wire.js';
import { createWorkers } from '../../src/workers/worker.js';
import { assumeRole, rolePolicy, type RoleCredential } from '../services/minio-role.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { startRedis, type RedisService } from '../services/redis.js';
import { all, body } from '../adapters/storage/bodies.js';
import { trusting } from '../workers/trusting.js';
import { PATIENTLY } from './patience.js';
import './quiet.js';

/*
 * One worker a role, each with an environment of its own: what stands in docs/permissions.md and examples/policies, and
 * nothing else.
 */
const STACK = 'roles';
const READER = 'reads-only-4711';
const example = (path: string): string =>
  readFileSync(new URL(`../../examples/policies/${path}`, import.meta.url), 'utf8');

let minio: MinioServer;
let postgres: PostgresService;
let redis: RedisService;
let scratch: string;
let steady: Steady;
let snapshot: StackSnapshot;
const connections: NativeConnection[] = [];
const workers: Worker[] = [];
let running: Promise<unknown>;
const credentials = new Map<Role, RoleCredential>();
const portsOf = new Map<Role, Ports>();

beforeAll(async () => {
  [minio, postgres, redis, scratch] = await Promise.all([
    startMinio({ objectLock: true }),
    startPostgres(),
    startRedis({ users: [example('redis/reader.acl').trim().replace('PASSWORD', READER)] }),
    mkdtemp(join(tmpdir(), 'steady-roles-')),
  ]);
  postgres.sql('postgres', 'CREATE DATABASE shop');
  postgres.sql(
    'shop',
    'CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS token FROM generate_series(1, 500) i',
  );
  postgres.sql('shop', `\\set password ${READER}\n${example('postgres/reader.sql')}`);
  redis.cli('SET', 'greeting', 'hello');
  const place = { bucket: minio.bucket, prefix: STACK };
  for (const role of ['backup', 'proof', 'keeper', 'change'] as const)
    credentials.set(role, await assumeRole(minio, rolePolicy(role, place)));

  const identity = await generateIdentity();
  const env = (name: string) => ({ env: name });
  const reader = { user: 'steady_reader', password: env('READER_PASSWORD') };
  const stack = stackSchema.parse({
    version: 1,
    stack: STACK,
    site: `site-${randomBytes(4).toString('hex')}`,
    storage: {
      main: {
        s3: {
          bucket: minio.bucket,
          endpoint: minio.endpoint,
          credentials: {
            accessKey: env('S3_KEY'),
            secretKey: env('S3_SECRET'),
            sessionToken: env('S3_TOKEN'),
          },
        },
      },
      lock: { mode: 'governance', for: '8s' },
      encryption: {
        age: { recipients: [await identityToRecipient(identity)], identity: env('AGE_IDENTITY') },
      },
    },
    stores: {
      db: {
        postgres: {
          ...{
            host: '127.0.0.1',
            port: postgres.port,
            database: 'shop',
            user: postgres.user,
            bin: postgres.bin,
          },
          password: env('OWNER_PASSWORD'),
          reader,
        },
      },
      cache: { redis: { host: '127.0.0.1', port: redis.port, bin: redis.bin, reader } },
    },
    plans: {
      nightly: {
        schedule: '0 3 * * *',
        stores: ['db', 'cache'],
        keep: { last: 1, verified: 1 },
        verify: 'readable',
      },
    },
  });
  snapshot = { stack, configSha256: 'a'.repeat(64), folder: scratch };

  const own: Record<Role, NodeJS.ProcessEnv> = {
    backup: { READER_PASSWORD: READER },
    proof: { AGE_IDENTITY: identity },
    keeper: {},
    change: { AGE_IDENTITY: identity, OWNER_PASSWORD: postgres.password },
    quick: { OWNER_PASSWORD: postgres.password },
  };
  const address = inject('temporalAddress');
  const trust = await trusting(scratch, snapshot);
  for (const role of ROLES) {
    const key = credentials.get(role);
    const s3 = key && {
      S3_KEY: key.accessKey.reveal(),
      S3_SECRET: key.secretKey.reveal(),
      S3_TOKEN: key.sessionToken.reveal(),
    };
    const native = await NativeConnection.connect({ address });
    connections.push(native);
    const ports = wire({
      scratch: join(scratch, role),
      env: { PATH: process.env['PATH'], ...own[role], ...s3 },
      trust,
    });
    portsOf.set(role, ports);
    const made = await createWorkers({
      connection: native,
      namespace: 'default',
      site: stack.site,
      roles: [role],
      ports,
      workflows: { workflowBundle: { codePath: inject('workflowBundle') } },
    });
    workers.push(...made);
  }
  running = Promise.all(workers.map((worker) => worker.run()));
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const close = () => connection.close();
  steady = { client, address, namespace: 'default', workerSeconds: 60, close };
}, 120_000);

afterAll(async () => {
  workers.forEach((worker) => worker.shutdown());
  await running;
  await Promise.all(connections.map((one) => one.close()));
  await steady.close();
  await Promise.all([minio.close(), postgres.stop(), redis.stop()]);
  await rm(scratch, { recursive: true, force: true });
});

async function run<T>(procedure: Procedure, input: object): Promise<T> {
  const common = { version: 1, snapshot, by: { name: 'tester' } } as const;
  return await resultOf<T>(await startRun(steady, { procedure, input: { ...common, ...input } }));
}

const storageOf = (role: Role): StoragePort =>
  createS3Storage({
    config: minio.config(),
    credentials: credentials.get(role),
    stack: STACK,
    lock: snapshot.stack.storage.lock,
  });

describe('workers that have the rights of their role alone', () => {
  it('check, back up, prove by a restore, restore and prune', async () => {
    const checked = await run<CheckLine[]>('check', { stores: ['db', 'cache'] });
    expect(checked.filter((one) => one.status === 'error')).toEqual([]);
    expect(checked.filter((one) => one.what.startsWith('role '))).toEqual([
      { what: 'role backup', status: 'ok', message: 'may put data' },
      { what: 'role proof', status: 'ok', message: 'may list, read data' },
      { what: 'role change', status: 'ok', message: 'may list, read data' },
      { what: 'role keeper', status: 'ok', message: 'may list marks, list and delete data' },
    ]);
    expect(await all(storageOf('change').list('data/'))).toEqual([]);
    expect(checked).toContainEqual(
      expect.objectContaining({ what: 'db reader', message: 'steady_reader can change nothing' }),
    );
    expect(checked.map((one) => one.message)).toContain('sealed backups are locked for 8s (governance)');

    const results: BackupResult[] = [];
    for (const _ of [1, 2]) results.push(await run('backup', { plan: 'nightly', stores: ['db', 'cache'] }));
    const stores = results[1]?.stores ?? [];
    expect(stores.map((one) => [one.failure, one.proof?.passed])).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
    const selection = { text: 'latest', stores: ['db', 'cache'], unverified: false };
    const { proofs } = await run<VerifyResult>('verify', { depth: 'restored', selection });
    expect(proofs.map((one) => one.passed)).toEqual([true, true]);
    const only = { ...selection, stores: ['db'] };
    const into = { mode: 'into', into: 'copy', dryRun: false, consumersFirst: false, token: 'abcdefgh' };
    await run('restore', { selection: only, ...into });
    expect(postgres.sql('copy', 'SELECT count(*) FROM orders').trim()).toBe('500');
    const newest = stores.map((one) => `manifests/${one.store}/${one.backupId}.json`).sort();
    await vi.waitFor(async () => {
      await run<PruneResult>('prune', { stores: ['db', 'cache'], dryRun: false });
      const listed = await all(storageOf('change').list('manifests/'));
      expect(listed.map((one) => one.key).sort()).toEqual(newest);
    }, PATIENTLY);
  });

  it('backup: can neither read, hide nor delete what it wrote, nor seal it', async () => {
    const storage = storageOf('backup');
    const denied = { code: 'storage.denied' };
    const key = `data/db/20261122T020000Z-${randomBytes(4).toString('hex')}/a`;
    for (const bytes of [10, 17 * 2 ** 20]) await storage.put(`${key}${bytes}`, body(bytes));
    await expect(storage.read(`${key}10`)).rejects.toMatchObject(denied);
    await expect(all(storage.list(''))).rejects.toMatchObject(denied);
    await expect(storage.delete(`${key}10`)).rejects.toMatchObject(denied);
    await expect(storage.put('manifests/db/forged.json', body(10))).rejects.toMatchObject(denied);
    const plain = createS3Storage({
      config: minio.config(),
      credentials: credentials.get('backup'),
      stack: STACK,
    });
    await expect(plain.delete(`${key}10`)).rejects.toMatchObject(denied);
    await expect(plain.get(`${key}10`)).rejects.toMatchObject(denied);
  });

  it('proof: can add to nothing but what it writes, and delete and shorten nothing', async () => {
    const storage = storageOf('proof');
    const denied = { code: 'storage.denied' };
    const [manifest] = await all(storage.list('manifests/db/'));
    const [data] = await all(storage.list('data/db/'));
    if (!manifest || !data) throw new Error('there is a backup');
    await expect(storage.delete(manifest.key)).rejects.toMatchObject({
      code: expect.stringMatching(/denied|locked/),
    });
    await expect(storage.delete(data.key)).rejects.toMatchObject({
      code: expect.stringMatching(/denied|locked/),
    });
    await expect(storage.create(`${data.key}.more`, Buffer.from('x'))).rejects.toMatchObject(denied);
    await expect(storage.put(data.key, body(10))).rejects.toMatchObject(denied);
    // As whoever has taken the worker over: with its credential, and no code of ours that minds locks.
    const plain = createS3Storage({
      config: minio.config(),
      credentials: credentials.get('proof'),
      stack: STACK,
    });
    await expect(plain.put(data.key, body(10))).rejects.toMatchObject(denied);
    await expect(plain.delete(data.key)).rejects.toMatchObject({
      code: expect.stringMatching(/denied|locked/),
    });
  });

  it('proof: has no password of a store', async () => {
    const ports = portsOf.get('proof');
    for (const as of ['owner', 'reader'] as const)
      await expect(ports?.store(snapshot, 'db', as)).rejects.toMatchObject({ code: 'secret.missing' });
  });

  it('keeper and change: write nothing; keeper reads no data and deletes nothing that is locked; change deletes nothing', async () => {
    const keeper = storageOf('keeper');
    const change = storageOf('change');
    const [manifest] = await all(change.list('manifests/db/'));
    const [data] = await all(change.list('data/db/'));
    if (!manifest || !data) throw new Error('there is a backup');
    const denied = { code: 'storage.denied' };
    await storageOf('proof').lock?.lock(manifest.key, new Date(Date.now() + 60_000));
    await expect(keeper.delete(manifest.key)).rejects.toMatchObject({ code: 'storage.locked' });
    await expect(keeper.read(data.key)).rejects.toMatchObject(denied);
    await expect(change.delete(manifest.key)).rejects.toMatchObject({
      code: expect.stringMatching(/denied|locked/),
    });
    for (const storage of [keeper, change])
      await expect(storage.create('manifests/db/forged.json', Buffer.from('x'))).rejects.toMatchObject(
        denied,
      );
  });

  it('check: names what a role may not, and what it may besides', async () => {
    const broad = createS3Storage({
      config: minio.config(),
      credentials: minio,
      stack: STACK,
      lock: snapshot.stack.storage.lock,
    });
    const rightsOf = (role: Role, storage: StoragePort) =>
      createRoleChecks({ storage: async () => storage } as unknown as Ports, [role]);
    const now = new Date().toISOString();
    const { backup, proof, keeper } = {
      backup: rightsOf('backup', broad),
      proof: rightsOf('proof', storageOf('backup')),
      keeper: rightsOf('keeper', broad),
    };
    const environment = new MockActivityEnvironment();
    const inActivity = <T>(call: () => Promise<T>) => environment.run<[], T, () => Promise<T>>(call);
    const { probe, lines } = await inActivity(() => backup.checkBackupRights({ snapshot, now }));
    const told = (found: readonly CheckLine[]) => found.map((one) => [one.what, one.status, one.message]);
    expect(told(lines)).toEqual([
      ['role backup', 'ok', 'may put data'],
      ['role backup', 'warning', 'may read data and delete data, which it does not need'],
    ]);
    expect(told(await inActivity(() => proof.checkProofRights({ snapshot, probe })))).toEqual([
      ['role proof', 'error', expect.stringMatching(/^cannot list: storage refused the credentials /)],
      ['role proof', 'error', expect.stringMatching(/^cannot read data: storage refused the credentials /)],
    ]);
    expect(told(await inActivity(() => keeper.checkKeeperRights({ snapshot, probe })))).toEqual([
      ['role keeper', 'ok', 'may list marks, list and delete data'],
      ['role keeper', 'warning', 'may read data, which it does not need'],
    ]);
  });

  it('reader: PostgreSQL and Redis refuse it every change', () => {
    const as = { name: 'steady_reader', password: READER };
    const psql = (sql: string): string => {
      try {
        return execFileSync(join(postgres.bin, 'psql'), ['-X', '-c', sql], {
          env: postgres.env('shop', as),
          stdio: 'pipe',
        }).toString();
      } catch (error) {
        return String((error as { stderr?: Buffer }).stderr);
      }
    };
    expect(psql('SELECT count(*) FROM orders')).toContain('500');
    for (const sql of [
      'DELETE FROM orders',
      'DROP TABLE orders',
      'CREATE DATABASE more',
      'CREATE TABLE more (i int)',
    ])
      expect(psql(sql)).toMatch(/permission denied|must be owner/);
    for (const command of [
      ['SET', 'a', 'b'],
      ['GET', 'greeting'],
      ['FLUSHALL'],
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['SHUTDOWN'],
    ])
      expect(redis.cli('--user', 'steady_reader', '--pass', READER, ...command)).toContain('NOPERM');
  });
});
