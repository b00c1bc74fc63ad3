import { beforeAll, describe, expect, it } from 'vitest';
import { compareKeys } from '../../../src/adapters/storage/key-rules.js';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { all, body, digestOf, failingBody, hangingBody } from './bodies.js';
import { keysSuite } from './suite-keys.js';

const MiB = 2 ** 20;

/** What every storage must do, whoever the vendor: run by each of them and by the memory fake. */
export function storageSuite(open: () => Promise<StoragePort>): void {
  let storage: StoragePort;
  beforeAll(async () => {
    storage = await open();
  });

  /** Nothing under the key or below the prefix: no object, nothing begun. */
  async function expectNothing(key: string): Promise<void> {
    expect(await storage.head(key)).toBeUndefined();
    expect(await all(storage.list(key))).toEqual([]);
    expect(await all(storage.unfinished(key))).toEqual([]);
  }

  describe('put and get', () => {
    it.each([0, 1, 16 * MiB, 17 * MiB, 40 * MiB])('gives %i bytes back as they were', async (bytes) => {
      const key = `round/trip-${bytes}`;
      const expected = await digestOf(body(bytes));
      expect(await storage.put(key, body(bytes))).toEqual({ bytes, sha256: expected });
      expect(await digestOf(await storage.get(key))).toBe(expected);
      const head = await storage.head(key);
      expect(head?.bytes).toBe(bytes);
      expect([expected, undefined]).toContain(head?.sha256);
      expect(await all(storage.unfinished('round/'))).toEqual([]);
    });

    it('tells how far it is, up to all bytes', async () => {
      const told: number[] = [];
      await storage.put('progress/a', body(20 * MiB), { onProgress: (bytes) => told.push(bytes) });
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told.at(-1)).toBe(20 * MiB);
    });

    it.each([1, 17 * MiB])(
      'refuses a key that is taken and keeps the old content (%i bytes)',
      async (bytes) => {
        const key = `taken/${bytes}`;
        await storage.put(key, body(5));
        await expect(storage.put(key, body(bytes, 1))).rejects.toMatchObject({ code: 'storage.exists' });
        expect(await digestOf(await storage.get(key))).toBe(await digestOf(body(5)));
        expect(await all(storage.unfinished(key))).toEqual([]);
      },
    );

    it.each([100, 17 * MiB])(
      'lets exactly one of several puts of one key win (%i bytes each)',
      async (bytes) => {
        const key = `race/${bytes}`;
        const results = await Promise.allSettled(
          [1, 2, 3].map((seed) => storage.put(key, body(bytes, seed))),
        );
        const won = results.filter((result) => result.status === 'fulfilled');
        const lost = results.filter((result) => result.status === 'rejected');
        expect(won).toHaveLength(1);
        for (const { reason } of lost) expect(reason).toMatchObject({ code: 'storage.exists' });
        expect(await digestOf(await storage.get(key))).toBe(won[0]?.value.sha256);
        expect(await all(storage.unfinished(key))).toEqual([]);
      },
    );

    it.each([0, 100, 40 * MiB])(
      'leaves nothing when the body fails after %i bytes, and throws its error as is',
      async (bytes) => {
        const key = `failing/${bytes}`;
        const error = new Error('pg_dump died');
        await expect(storage.put(key, failingBody(bytes, error))).rejects.toBe(error);
        await expectNothing(key);
      },
    );

    it.each([0, 100, 40 * MiB])(
      'leaves nothing when aborted while the body waits after %i bytes',
      async (bytes) => {
        const key = `aborted/${bytes}`;
        const abort = new AbortController();
        const put = storage.put(key, hangingBody(bytes), { signal: abort.signal });
        setTimeout(() => abort.abort(), 100);
        await expect(put).rejects.toMatchObject({ code: 'cancelled' });
        await expectNothing(key);
      },
    );

    it('stops while bytes are moving', async () => {
      const abort = new AbortController();
      const put = storage.put('aborted/moving', body(2 ** 40), {
        signal: abort.signal,
        onProgress: () => abort.abort(),
      });
      await expect(put).rejects.toMatchObject({ code: 'cancelled' });
      await expectNothing('aborted/moving');
    });

    it('begins nothing when the signal was aborted before', async () => {
      const put = storage.put('aborted/before', body(100), { signal: AbortSignal.abort() });
      await expect(put).rejects.toMatchObject({ code: 'cancelled' });
      await expectNothing('aborted/before');
    });

    it('says missing for what is not there', async () => {
      await expect(storage.get('nowhere/a')).rejects.toMatchObject({ code: 'storage.missing' });
    });

    it('ends a stream with an error when its reading is aborted', async () => {
      await storage.put('reading/a', body(17 * MiB));
      const abort = new AbortController();
      const reading = (async () => {
        for await (const _ of await storage.get('reading/a', { signal: abort.signal })) abort.abort();
      })();
      await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    });
  });

  describe('small documents', () => {
    it('are created once and never overwritten', async () => {
      expect(await storage.create('doc/a.json', Buffer.from('one'))).toBe('created');
      expect(await storage.create('doc/a.json', Buffer.from('two'))).toBe('exists');
      expect((await storage.read('doc/a.json'))?.toString()).toBe('one');
    });

    it('are created by exactly one of several at once', async () => {
      const words = Array.from({ length: 8 }, (_, i) => `writer ${i}`);
      const results = await Promise.all(words.map((word) => storage.create('doc/race', Buffer.from(word))));
      expect(results.filter((result) => result === 'created')).toHaveLength(1);
      expect((await storage.read('doc/race'))?.toString()).toBe(words[results.indexOf('created')]);
    });

    it('read as undefined when they are not there', async () => {
      expect(await storage.read('doc/none')).toBeUndefined();
      expect(await storage.head('doc/none')).toBeUndefined();
    });

    it('may be empty', async () => {
      expect(await storage.create('doc/empty', Buffer.alloc(0))).toBe('created');
      expect(await storage.read('doc/empty')).toEqual(Buffer.alloc(0));
    });
  });

  describe('list', () => {
    it('gives all of more than a thousand objects in order of key', async () => {
      const keys = Array.from({ length: 1005 }, (_, i) => `many/${(i * 7919) % 1005}`);
      for (let at = 0; at < keys.length; at += 32) {
        await Promise.all(keys.slice(at, at + 32).map((key) => storage.create(key, Buffer.from(key))));
      }
      const listed = await all(storage.list('many/'));
      expect(listed.map((object) => object.key)).toEqual([...keys].sort(compareKeys));
      expect(listed[0]).toMatchObject({ key: 'many/0', bytes: 6 });
    });

    it('orders by bytes and cuts at the prefix, wherever it ends', async () => {
      const keys = ['order/a', 'order/a-b', 'order/a.b/c', 'order/aa/b', 'order/b', 'orders/x'];
      for (const key of keys) await storage.create(key, Buffer.from('x'));
      const under = async (prefix: string) => (await all(storage.list(prefix))).map((object) => object.key);
      expect(await under('order/')).toEqual(keys.slice(0, 5));
      expect(await under('order/a')).toEqual(keys.slice(0, 4));
      expect(await under('order')).toEqual(keys);
      expect(await under('order/a.b/')).toEqual(['order/a.b/c']);
      expect(await under('order/zz')).toEqual([]);
      const everything = await under('');
      expect(everything).toEqual([...everything].sort(compareKeys));
      expect(everything).toEqual(expect.arrayContaining(keys));
    });

    it('tells when an object was stored', async () => {
      const before = Date.now();
      await storage.create('when/a', Buffer.from('x'));
      const [object] = await all(storage.list('when/'));
      // S3 has whole seconds.
      expect(Math.abs((object?.modifiedAt.getTime() ?? 0) - before)).toBeLessThan(5000);
    });
  });

  describe('delete', () => {
    it('removes the object, is fine with its absence, and frees the key', async () => {
      await storage.create('gone/deep/a', Buffer.from('one'));
      await storage.delete('gone/deep/a');
      await storage.delete('gone/deep/a');
      expect(await storage.read('gone/deep/a')).toBeUndefined();
      expect(await all(storage.list('gone/'))).toEqual([]);
      expect(await storage.create('gone/deep/a', Buffer.from('two'))).toBe('created');
    });

    it('leaves its neighbours', async () => {
      await storage.create('near/a', Buffer.from('a'));
      await storage.create('near/ab', Buffer.from('b'));
      await storage.delete('near/a');
      expect((await all(storage.list('near/'))).map((object) => object.key)).toEqual(['near/ab']);
    });
  });

  describe('keys', () => keysSuite(() => storage));

  it('forgets unfinished uploads that are aborted twice', async () => {
    const abort = new AbortController();
    const put = storage.put('begun/a', hangingBody(40 * MiB), { signal: abort.signal });
    put.catch(() => undefined);
    const keysBegun = async () => (await all(storage.unfinished('begun/'))).map((upload) => upload.key);
    await expect.poll(keysBegun, { timeout: 10_000 }).toEqual(['begun/a']);
    const [upload] = await all(storage.unfinished('begun/'));
    if (!upload) throw new Error('it is there');
    expect(Math.abs(upload.startedAt.getTime() - Date.now())).toBeLessThan(10_000);
    expect(await all(storage.unfinished('other/'))).toEqual([]);
    await storage.abortUnfinished(upload);
    await storage.abortUnfinished(upload);
    expect(await all(storage.unfinished('begun/'))).toEqual([]);
    abort.abort();
    await expect(put).rejects.toThrow();
    await expectNothing('begun/a');
  });
}
