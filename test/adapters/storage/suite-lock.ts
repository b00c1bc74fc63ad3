import { beforeAll, expect, it, vi } from 'vitest';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { all, body, digestOf } from './bodies.js';

export interface LockedPlace {
  readonly storage: StoragePort;
  /** What somebody does past the storage, who may write to the bucket. */
  overwrite(key: string, content: Buffer, lockedUntil?: Date): Promise<void>;
  hide(key: string): Promise<void>;
}

const inSeconds = (seconds: number): Date => new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);

/** What every storage that locks must do besides. */
export function lockSuite(open: () => Promise<LockedPlace>): void {
  let place: LockedPlace;
  let storage: StoragePort;
  let lock: NonNullable<StoragePort['lock']>;
  beforeAll(async () => {
    place = await open();
    storage = place.storage;
    if (storage.lock === undefined) throw new Error('it locks');
    lock = storage.lock;
  });

  it('reads the oldest version of a key, whatever was put over it, and tells what was', async () => {
    const first = await storage.put('over/data', body(17 * 2 ** 20));
    await storage.create('over/doc', Buffer.from('first'));
    expect((await all(storage.list('over/'))).map((one) => one.altered)).toEqual([undefined, undefined]);
    for (const key of ['over/data', 'over/doc']) {
      await place.overwrite(key, Buffer.from('forged'));
      await place.hide(key);
      await place.overwrite(key, Buffer.from('forged again'));
    }
    await place.hide('over/doc');
    expect(await digestOf(await storage.get('over/data'))).toBe(first.sha256);
    expect((await storage.read('over/doc'))?.toString()).toBe('first');
    expect(await storage.head('over/doc')).toMatchObject({ bytes: 5 });
    expect(await all(storage.list('over/'))).toMatchObject([
      { key: 'over/data', bytes: first.bytes, altered: { versions: 2, deleteMarkers: 1 } },
      { key: 'over/doc', bytes: 5, altered: { versions: 2, deleteMarkers: 2, at: expect.any(Date) } },
    ]);
  });

  it('finds one key among those that begin with it', async () => {
    for (const key of ['near/a', 'near/a.b', 'near/ab']) await storage.create(key, Buffer.from(key));
    await storage.delete('near/a');
    expect(await storage.read('near/a')).toBeUndefined();
    expect(await storage.head('near/a')).toBeUndefined();
    await expect(storage.get('near/a')).rejects.toMatchObject({ code: 'storage.missing' });
    expect((await storage.read('near/a.b'))?.toString()).toBe('near/a.b');
  });

  it('creates no second version of what a delete marker hides', async () => {
    await storage.create('hidden/doc', Buffer.from('first'));
    await place.hide('hidden/doc');
    expect(await storage.create('hidden/doc', Buffer.from('second'))).toBe('exists');
    expect(await lock.create('hidden/doc', Buffer.from('second'), inSeconds(60))).toBe('exists');
    expect((await storage.read('hidden/doc'))?.toString()).toBe('first');
  });

  it('deletes nothing before the end of the lock and says until when, and everything afterwards', async () => {
    const end = inSeconds(2);
    expect(await lock.create('held/doc', Buffer.from('x'), end)).toBe('created');
    const refused = {
      code: 'storage.locked',
      message: expect.stringContaining(`until=${end.toISOString()}`),
    };
    await expect(storage.delete('held/doc')).rejects.toMatchObject(refused);
    expect((await storage.read('held/doc'))?.toString()).toBe('x');
    await place.overwrite('held/doc', Buffer.from('forged'));
    await place.hide('held/doc');
    await vi.waitFor(() => storage.delete('held/doc'), { timeout: 10_000, interval: 200 });
    expect(await all(storage.list('held/'))).toEqual([]);
    expect(await storage.create('held/doc', Buffer.from('y'))).toBe('created');
    expect((await storage.read('held/doc'))?.toString()).toBe('y');
  });

  it('tells the lock of the object itself, however long what lies over it is locked', async () => {
    const [soon, later] = [inSeconds(3), inSeconds(5)];
    await lock.create('own/a', Buffer.from('x'), soon);
    await storage.create('own/b', Buffer.from('x'));
    for (const key of ['own/a', 'own/b']) await place.overwrite(key, Buffer.from('forged'), later);
    await place.hide('own/b');
    expect(await lock.ends('own/')).toEqual([
      { key: 'own/a', end: soon },
      { key: 'own/b', end: undefined },
    ]);
    // As long as that, neither can be deleted.
    for (const key of ['own/a', 'own/b']) expect(await lock.until(key)).toEqual(later);
    expect(await lock.ends('own/none')).toEqual([]);
  });

  it('tells the locks of more objects than it asks for at a time', async () => {
    const keys = Array.from({ length: 20 }, (_, at) => `many/${String(at).padStart(2, '0')}`);
    const end = inSeconds(3);
    for (const [at, key] of keys.entries())
      await (at % 2 === 0 ? lock.create(key, Buffer.from(key), end) : storage.create(key, Buffer.from(key)));
    expect(await lock.ends('many/')).toEqual(
      keys.map((key, at) => ({ key, end: at % 2 === 0 ? end : undefined })),
    );
  });

  it('only ever lengthens a lock', async () => {
    await storage.create('longer/doc', Buffer.from('x'));
    expect(await lock.until('longer/doc')).toBeUndefined();
    const [soon, later] = [inSeconds(3), inSeconds(5)];
    for (const end of [soon, later, soon]) await lock.lock('longer/doc', end);
    expect(await lock.until('longer/doc')).toEqual(later);
    expect(await lock.until('longer/none')).toBeUndefined();
    await expect(lock.lock('longer/none', later)).rejects.toMatchObject({ code: 'storage.missing' });
  });
}
