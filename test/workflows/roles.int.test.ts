import { ListObjectVersionsCommand, PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
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
import { createActivities } from '../../src/activities/index.js';
import { createRoleChecks } from '../../src/activities/check-roles.js';
import type { Ports } from '../../src/activities/ports.js';
import type { StoragePort } from '../../src/adapters/storage/port.js';
import { createS3Storage } from '../../src/adapters/storage/s3/s3.js';
import type { Steady } from '../../src/client/connect.js';
import { resultOf } from '../../src/client/outcome.js';
import { startRun } from '../../src/client/start.js';
import type { Procedure } from '../../src/contracts/ids.js';
import { ROLES, taskQueue, type Role } from '../../src/contracts/names.js';
import type { CheckLine } from '../../src/contracts/runs/check-line.js';
import type { BackupLine } from '../../src/contracts/runs/lines.js';
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
import { putOnQueue } from './put-on-queue.js';
import { ALL_ATTEMPTS, rawAccess, type Attempt, type ObjectVersion } from './role-attempts.js';
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
      lock: { mode: 'compliance', for: '8s' },
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

/** Every version there is, behind the roles' backs. */
async function versionsOfAll(): Promise<ObjectVersion[]> {
  const { Versions = [], IsTruncated } = await minio.client.send(
    new ListObjectVersionsCommand({ Bucket: minio.bucket, Prefix: `${STACK}/` }),
  );
  expect(IsTruncated).toBe(false);
  return Versions.map(({ Key = '', VersionId = '' }) => ({ Bucket: minio.bucket, Key, VersionId }));
}

/** What of all that a role does with its own credential, each to an object of its own that the owner has put there. */
async function doneBy(
  role: Role,
  attempts: readonly Attempt[],
  { folder, lock }: { folder: string; lock?: Partial<PutObjectCommandInput> },
): Promise<Attempt[]> {
  const attempt = rawAccess(minio, credentials.get(role));
  const done: Attempt[] = [];
  for (const what of attempts) {
    const at = {
      Bucket: minio.bucket,
      Key: `${STACK}/${folder}/loose/${role}-${randomBytes(4).toString('hex')}`,
    };
    const put = new PutObjectCommand({ ...at, ...lock, Body: 'as it was', ChecksumAlgorithm: 'SHA256' });
    const { VersionId = '' } = await minio.client.send(put);
    const outcome = await attempt(what, { ...at, VersionId });
    if (lock === undefined) expect(outcome, `${role} ${what}`).not.toBe('locked');
    if (outcome === 'done') done.push(what);
  }
  return done;
}

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
    expect(checked.map((one) => one.message)).toContain('sealed backups are locked for 8s (compliance)');

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

  it('each may do to an object that nothing locks what its policy says, and no more', async () => {
    const attempts = ['read', 'overwrite', 'hide', 'delete', 'lock briefly'] as const;
    const table: Record<string, Record<string, string[]>> = {};
    for (const role of ['backup', 'proof', 'keeper', 'change'] as const) {
      table[role] = {};
      for (const folder of ['data', 'manifests', 'marks', 'records'])
        table[role][folder] = await doneBy(role, attempts, { folder });
    }
    expect(table).toEqual({
      backup: { data: ['overwrite'], manifests: [], marks: [], records: [] },
      proof: {
        data: ['read', 'lock briefly'],
        manifests: ['read', 'overwrite', 'lock briefly'],
        marks: ['read', 'overwrite', 'lock briefly'],
        records: ['read', 'overwrite', 'lock briefly'],
      },
      keeper: {
        data: ['hide', 'delete'],
        manifests: ['read', 'hide', 'delete'],
        marks: ['read', 'hide', 'delete'],
        records: [],
      },
      change: { data: ['read'], manifests: ['read'], marks: ['read'], records: ['read'] },
    });
  });

  it('proof: has no password of a store, and serves no step that changes a live one', async () => {
    const ports = portsOf.get('proof');
    for (const as of ['owner', 'reader'] as const)
      await expect(ports?.store(snapshot, 'db', as)).rejects.toMatchObject({ code: 'secret.missing' });
    const { proof, change, keeper, quick } = createActivities({} as Ports);
    const others = Object.keys({ ...change, ...keeper, ...quick });
    expect(others).toEqual(expect.arrayContaining(['cutOver', 'stopService', 'deleteBackups']));
    expect(others.filter((name) => name in proof)).toEqual([]);
    const before = postgres.sql('shop', 'SELECT count(*) FROM orders');
    const queue = taskQueue(snapshot.stack.site, 'proof');
    const input = { snapshot, store: 'db', service: 'db' };
    const answers = await putOnQueue(steady, queue, others, input);
    expect(answers).toEqual(others.map((name) => expect.stringContaining(`${name} is not registered`)));
    expect(postgres.sql('shop', 'SELECT count(*) FROM orders')).toBe(before);
  });

  it('in governance mode none deletes before the end, and MinIO lets only who may lengthen a lock shorten it too', async () => {
    const attempts = ALL_ATTEMPTS.filter((one) => !['read', 'overwrite', 'hide'].includes(one));
    const lock = {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + 600_000),
    } as const;
    const table: Record<string, string[]> = {};
    for (const role of ['backup', 'proof', 'keeper', 'change'] as const)
      table[role] = await doneBy(role, attempts, { folder: 'data', lock });
    expect(table).toEqual({ backup: [], proof: ['lock briefly past governance'], keeper: [], change: [] });
  });

  it('none can harm a locked backup: overwritten, hidden and shortened with all credentials, it is listed and restored as it was', async () => {
    const [before] = await run<BackupLine[]>('look', { what: 'backups', stores: ['db'] });
    const { id = '' } = before ?? {};
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000).toISOString();
    await run('mark', { store: 'db', id, kind: 'keep', reason: 'a test', until });
    const proof = storageOf('proof');
    const sealed = (await versionsOfAll()).filter(({ Key }) => Key.includes(id));
    expect(sealed.map(({ Key }) => Key.split('/')[1])).toEqual(
      expect.arrayContaining(['data', 'manifests', 'proofs', 'marks']),
    );

    const done = new Set<string>();
    for (const role of ['backup', 'proof', 'keeper', 'change'] as const) {
      const attempt = rawAccess(minio, credentials.get(role));
      for (const version of sealed)
        for (const what of ALL_ATTEMPTS.filter((one) => one !== 'read'))
          if ((await attempt(what, version)) === 'done')
            done.add(`${role}: ${what} ${version.Key.split('/')[1]}`);
    }
    // A newer version and a delete marker can be put over a locked object; the object itself is out of their reach.
    expect([...done].sort()).toEqual([
      'backup: overwrite data',
      'keeper: hide data',
      'keeper: hide manifests',
      'keeper: hide marks',
      'keeper: hide proofs',
      'proof: overwrite manifests',
      'proof: overwrite marks',
      'proof: overwrite proofs',
    ]);
    expect(await versionsOfAll()).toEqual(expect.arrayContaining(sealed));
    for (const { Key } of sealed) {
      const key = Key.slice(STACK.length + 1);
      expect((await proof.lock?.ends(key))?.[0], key).toEqual({ key, end: new Date(until) });
    }

    const [listed] = await run<BackupLine[]>('look', { what: 'backups', stores: ['db'] });
    expect(listed).toEqual({ ...before, lockedUntil: until, kept: until, tampered: listed?.tampered });
    expect(listed?.tampered?.map(({ key }) => `${STACK}/${key}`).sort()).toEqual(
      sealed.map(({ Key }) => Key).sort(),
    );
    const selection = { text: id, stores: ['db'], unverified: false };
    const into = { mode: 'into', into: 'unharmed', dryRun: false, consumersFirst: false, token: 'bcdefghi' };
    await run('restore', { selection, ...into });
    const digest = 'SELECT count(*), md5(string_agg(token, $$,$$ ORDER BY id)) FROM orders';
    expect(postgres.sql('unharmed', digest)).toBe(postgres.sql('shop', digest));
    await expect(storageOf('keeper').delete(`manifests/db/${id}.json`)).rejects.toMatchObject({
      code: 'storage.locked',
    });
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
