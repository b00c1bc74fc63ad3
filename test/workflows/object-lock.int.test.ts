import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type DeleteMarkerEntry,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createS3Storage } from '../../src/adapters/storage/s3/s3.js';
import { resultOf } from '../../src/client/outcome.js';
import { storageSchema } from '../../src/contracts/stack/storage.js';
import type {
  LookInput,
  MarkInput,
  PruneInput,
  PruneResult,
  VerifyInput,
  VerifyResult,
} from '../../src/contracts/runs/procedures.js';
import type { BackupLine, TamperedLine } from '../../src/contracts/runs/lines.js';
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
function lockedFor(time: string, keep: Record<string, unknown> = { last: 1, verified: 1 }): World {
  const { main, lock } = storageSchema.parse({
    main: { s3: minio.config() },
    lock: { mode: 'compliance', for: time },
  });
  const stack = `locked-${++worlds}`;
  return rig.world({
    storage: createS3Storage({ config: minio.config(), credentials: minio, stack, lock }),
    file: {
      storage: { main, lock: { mode: 'compliance', for: time } },
      plans: { nightly: { schedule: '0 3 * * *', stores: ['db'], verify: 'readable', keep } },
    },
  });
}

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

  it('are locked when they are sealed, not before: what a failed attempt left is swept', async () => {
    const world = lockedFor('1h');
    world.script.fail('dumped db', 'store.unsupported');
    await failureOfRun(await world.start('backup', { stores: ['db'] }));
    await vi.waitFor(async () => expect(await versions(world, 'data/')).toEqual([]), PATIENTLY);
  });
});
