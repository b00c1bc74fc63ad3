import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type DeleteMarkerEntry,
} from '@aws-sdk/client-s3';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createS3Storage } from '../../src/adapters/storage/s3/s3.js';
import { resultOf } from '../../src/client/outcome.js';
import { storageSchema } from '../../src/contracts/stack/storage.js';
import type {
  BackupInput,
  LookInput,
  MarkInput,
  PruneInput,
  PruneResult,
  VerifyInput,
  VerifyResult,
} from '../../src/contracts/runs/procedures.js';
import type { BackupLine, StoreStanding, TamperedLine } from '../../src/contracts/runs/lines.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { startFaultProxy } from '../adapters/storage/fault-proxy.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startRig, type Rig } from './harness.js';
import { PATIENTLY } from './patience.js';
import { failureOfRun, type World } from './world.js';

let rig: Rig;
let minio: MinioServer;
beforeAll(async () => {
  [rig, minio] = await Promise.all([startRig(), startMinio({ objectLock: true })]);
});
afterAll(async () => {
  await rig.close();
  await minio.close();
});

let worlds = 0;
/** A stack whose backups lie in a bucket with Object Lock. Compliance: not even the owner of the account gets round it. */
function lockedFor(
  time: string,
  { endpoint = minio.endpoint, stores = ['db'] }: { endpoint?: string; stores?: readonly string[] } = {},
): World {
  const { main, lock } = storageSchema.parse({
    main: { s3: minio.config() },
    lock: { mode: 'compliance', for: time },
  });
  const stack = `locked-${++worlds}`;
  const keep = { last: 1, verified: 1 };
  return rig.world({
    stores: Object.fromEntries(stores.map((store) => [store, {}])),
    storage: createS3Storage({ config: minio.config({ endpoint }), credentials: minio, stack, lock }),
    file: {
      storage: { main, lock: { mode: 'compliance', for: time } },
      plans: { nightly: { schedule: '0 3 * * *', stores, verify: 'readable', keep } },
    },
  });
}

/** The same stack once its file asks for longer locks: all that it has are due then. */
function askingFor(seconds: number, { snapshot }: World): { snapshot: StackSnapshot } {
  const { storage } = snapshot.stack;
  const lock = { mode: 'compliance', for: seconds } as const;
  return { snapshot: { ...snapshot, stack: { ...snapshot.stack, storage: { ...storage, lock } } } };
}

/** When the locks under a prefix end, in milliseconds; 0 without one. */
const ends = async (world: World, prefix: string): Promise<number[]> =>
  ((await world.storage.lock?.ends(prefix)) ?? []).map((one) => one.end?.getTime() ?? 0);

const nightly = (stores = ['db']) => ({ stores, plan: 'nightly' });

const inBucket = (world: World, key: string) => ({
  Bucket: minio.bucket,
  Key: `${world.storage.location.slice(`s3://${minio.bucket}/`.length)}/${key}`,
});

async function versions(
  world: World,
  prefix: string,
): Promise<{ key: string; id: string; marker: boolean }[]> {
  const { Bucket, Key } = inBucket(world, prefix);
  const { Versions = [], DeleteMarkers = [] } = await minio.client.send(
    new ListObjectVersionsCommand({ Bucket, Prefix: Key }),
  );
  const line = (marker: boolean) => (one: Pick<DeleteMarkerEntry, 'Key' | 'VersionId'>) => ({
    key: (one.Key ?? '').slice(Key.length - prefix.length),
    id: one.VersionId ?? '',
    marker,
  });
  return [...Versions.map(line(false)), ...DeleteMarkers.map(line(true))];
}

const look = async <T>(world: World, what: LookInput['what']): Promise<T> =>
  resultOf<T>(await world.start<LookInput>('look', { what, stores: ['db'] }));
const prune = async (world: World, dryRun = false): Promise<PruneResult> =>
  resultOf(await world.start<PruneInput>('prune', { stores: ['db'], dryRun }));
const verify = async (world: World, id: string): Promise<VerifyResult> => {
  const selection = { text: id, stores: ['db'], unverified: true };
  return resultOf(await world.start<VerifyInput>('verify', { depth: 'restored', selection }));
};

describe.concurrent('backups under Object Lock', () => {
  it('outlive whoever overwrites, deletes and shortens with all rights: they are listed, proven and restored', async () => {
    const world = lockedFor('1h');
    const { db: id = '' } = await world.backup();
    const before = await look<BackupLine[]>(world, 'backups');
    const sealed = (await versions(world, '')).filter(({ key }) => !key.startsWith('records/'));
    expect(await look(world, 'tampering')).toEqual([]);
    for (const { key, id: version } of sealed) {
      const at = inBucket(world, key);
      const own = { ...at, VersionId: version };
      const soon = new Date(Date.now() + 2000);
      const shorten = { Mode: 'COMPLIANCE', RetainUntilDate: soon } as const;
      const refused = { $metadata: { httpStatusCode: expect.toSatisfy((code: number) => code >= 400) } };
      await expect(minio.client.send(new DeleteObjectCommand(own)), key).rejects.toMatchObject(refused);
      await expect(
        minio.client.send(new PutObjectRetentionCommand({ ...own, Retention: shorten })),
        key,
      ).rejects.toMatchObject(refused);
      await minio.client.send(new PutObjectCommand({ ...at, Body: 'forged' }));
      await minio.client.send(new DeleteObjectCommand(at));
    }

    const [listed] = await look<BackupLine[]>(world, 'backups');
    expect(listed).toMatchObject({ ...before[0], tampered: expect.any(Array) });
    const tampered = await look<TamperedLine[]>(world, 'tampering');
    expect(tampered.map((one) => one.key).sort()).toEqual(sealed.map((one) => one.key).sort());
    for (const one of tampered) expect(one.what).toBe('a newer version and a delete marker');
    expect(listed?.tampered?.map((one) => one.key).sort()).toEqual(
      sealed
        .map((one) => one.key)
        .filter((key) => key.includes(id))
        .sort(),
    );
    const [proof] = (await verify(world, id)).proofs;
    expect(proof).toMatchObject({ passed: true });
    expect(proof?.findings).toContainEqual(
      expect.stringMatching(
        new RegExp(`^TAMPERED: a newer version and a delete marker over manifests/db/${id}.json since `),
      ),
    );
    world.data('db').live = 'encrypted by somebody';
    await resultOf(await world.restore({ mode: 'into', into: 'copy' }));
    expect(world.data('db').fresh.get('into copy')).toBe('data of db');
  });

  it('are not pruned before the end of the lock, and until when is said; kept longer, they are locked longer', async () => {
    const world = lockedFor('1h');
    for (const _ of [1, 2]) await world.backup();
    const planned = await prune(world, true);
    const old = planned.lines.find((one) => !one.keep);
    const hour = Date.now() + 3_600_000;
    expect(Math.abs(Date.parse(old?.lockedUntil ?? '') - hour)).toBeLessThan(120_000);
    expect((await prune(world)).lines.filter((one) => one.deleted)).toEqual([]);
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 7_200_000).toISOString();
    const mark = { store: 'db', id: old?.id ?? '', kind: 'keep', reason: 'audit', until } as const;
    await resultOf(await world.start<MarkInput>('mark', mark));
    const lines = await look<BackupLine[]>(world, 'backups');
    expect(lines.find((one) => one.id === old?.id)).toMatchObject({ lockedUntil: until, kept: until });
    for (const { key } of await versions(world, `data/db/${old?.id}/`))
      expect((await world.storage.lock?.until(key))?.toISOString()).toBe(until);
  });

  it('are pruned for good after the end, forged versions too, and what is kept is locked anew', async () => {
    const world = lockedFor('3s');
    for (const _ of [1, 2]) await world.backup();
    const old = (await prune(world, true)).lines.find((one) => !one.keep)?.id ?? '';
    const kept = (await look<BackupLine[]>(world, 'backups')).find((one) => one.id !== old);
    await minio.client.send(
      new PutObjectCommand({ ...inBucket(world, `manifests/db/${old}.json`), Body: 'forged' }),
    );
    await vi.waitFor(async () => {
      const { lines } = await prune(world);
      expect(lines.find((one) => one.id === old)?.deleted).toBe(true);
    }, PATIENTLY);
    for (const prefix of ['manifests', 'data', 'proofs', 'marks'])
      expect(await versions(world, `${prefix}/db/${old}`)).toEqual([]);
    // By the prune that finds little left of its lock.
    await vi.waitFor(async () => {
      await prune(world);
      const [left] = await look<BackupLine[]>(world, 'backups');
      expect(left?.id).toBe(kept?.id);
      expect(Date.parse(left?.lockedUntil ?? '')).toBeGreaterThan(Date.parse(kept?.lockedUntil ?? ''));
    }, PATIENTLY);
  });

  it('are locked anew whole by the next run after one that failed half-way, and no list says more meanwhile', async () => {
    let asked = 0;
    let breaking = false;
    const isLocking = ({ method, url }: IncomingMessage): boolean =>
      method === 'PUT' && (url ?? '').includes('?retention');
    const proxy = await startFaultProxy(minio.endpoint, {
      deny: (request) => breaking && isLocking(request) && ++asked === 2,
    });
    const world = lockedFor('1m', { endpoint: proxy.endpoint });
    const first = await world.start<BackupInput>('backup', nightly());
    await resultOf(first);
    await world.record(first);

    const longer = askingFor(3600, world);
    const hour = Date.now() + 3_590_000;
    breaking = true;
    const failing = await world.start<PruneInput>('prune', { stores: ['db'], dryRun: false }, longer);
    expect((await failureOfRun(failing)).code).toBe('storage.denied');
    expect(asked).toBeGreaterThanOrEqual(2);
    const [told] = await look<BackupLine[]>(world, 'backups');
    expect(Math.min(...(await ends(world, 'data/')))).toBeLessThan(hour);
    expect(Date.parse(told?.lockedUntil ?? '')).toBeLessThanOrEqual(
      Math.min(...(await ends(world, 'data/'))),
    );

    const next = await world.start<PruneInput>('prune', { stores: ['db'], dryRun: false }, longer);
    await resultOf(next);
    const [kept] = await look<BackupLine[]>(world, 'backups');
    expect(kept?.id).toBe(told?.id);
    expect(Date.parse(kept?.lockedUntil ?? '')).toBeGreaterThan(hour);
    for (const prefix of ['manifests/', 'data/', 'proofs/', 'sets/', 'records/']) {
      const found = await ends(world, prefix);
      expect(found.length, prefix).toBeGreaterThan(0);
      expect(Math.min(...found), prefix).toBeGreaterThan(hour);
    }
    proxy.close();
  });

  it('are locked anew also in a night in which the backup of a store fails, or retention cannot decide', async () => {
    const world = lockedFor('1m', { stores: ['db', 'broken'] });
    await resultOf(await world.start<BackupInput>('backup', nightly(['db', 'broken'])));
    const manifests = await world.keys('manifests/');
    const theirs = manifests.flatMap((key) => [key, key.replace(/^manifests(.*)\.json$/, 'data$1/')]);
    const expectLockedTo = async (end: number): Promise<void> => {
      for (const prefix of theirs)
        expect(Math.min(...(await ends(world, prefix))), prefix).toBeGreaterThan(end);
    };
    world.script.fail('dump broken', 'store.unsupported');
    const hour = Date.now() + 3_590_000;
    const night = await world.start<BackupInput>('backup', nightly(['broken']), askingFor(3600, world));
    expect((await failureOfRun(night)).code).toBe('backup.failed');
    await expectLockedTo(hour);

    await world.storage.create('manifests/broken/20261101T020000Z-aaaaaaaa.json', Buffer.from('no manifest'));
    const day = Date.now() + 86_390_000;
    const undecided = await world.start<BackupInput>('backup', nightly(['broken']), askingFor(86_400, world));
    expect((await failureOfRun(undecided)).message).toContain(
      'locks not renewed="a stored document cannot be read ',
    );
    await expectLockedTo(day);
    // Nothing is deleted in such a night.
    expect(await world.keys('manifests/')).toEqual(expect.arrayContaining(manifests));
  });

  it('are named by the morning look when they are kept and their lock has ended, and not when nothing keeps them', async () => {
    const world = lockedFor('5s');
    for (const _ of [1, 2]) await world.backup();
    const old = (await prune(world, true)).lines.find((one) => !one.keep)?.id;
    const kept = (await look<BackupLine[]>(world, 'backups')).find((one) => one.id !== old);
    await vi.waitFor(async () => {
      const [standing] = await look<StoreStanding[]>(world, 'standings');
      expect(standing?.unlocked).toEqual([{ store: 'db', id: kept?.id, lockedUntil: kept?.lockedUntil }]);
    }, PATIENTLY);
    const later = askingFor(3600, world);
    await resultOf(await world.start<PruneInput>('prune', { stores: ['db'], dryRun: false }, later));
    const [standing] = await look<StoreStanding[]>(world, 'standings');
    expect(standing).toMatchObject({ store: 'db', backups: 1 });
    expect(standing?.unlocked).toBeUndefined();
  });

  it('are locked when they are sealed, not before: what a failed attempt left is swept', async () => {
    const world = lockedFor('1h');
    world.script.fail('dumped db', 'store.unsupported');
    await failureOfRun(await world.start('backup', { stores: ['db'] }));
    await vi.waitFor(async () => expect(await versions(world, 'data/')).toEqual([]), PATIENTLY);
  });
});
