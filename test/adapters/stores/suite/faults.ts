import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import type { ObjectSink, ObjectSource } from '../../../../src/pipelines/object-port.js';
import { reapMarked } from '../../../../src/pipelines/reap.js';
import { newIdentity } from '../vault.js';
import { expectNothingLeft, failureOf, load, newCall, PLACE, PREFIX, type Bench } from './bench.js';

/** Failures and cancels: each is noticed, named, and leaves nothing. */
export function faultSentences(bench: Bench): void {
  const isOf = (stream: string) => (key: string) => key.includes(`/${stream}.zst`);

  /** Storage whose object of a stream gives its first bytes and then waits. */
  const hanging = (stream: string, reached: () => void): ObjectSource => ({
    async get(key, options) {
      const source = await bench.vault.storage.get(key, options);
      if (!isOf(stream)(key)) return source;
      return Readable.from(
        (async function* () {
          for await (const chunk of source) {
            yield (chunk as Buffer).subarray(0, 100);
            reached();
            await new Promise(() => undefined);
          }
        })(),
      );
    },
  });

  /** The last is the one that a half-done load hurts most: everything else is loaded by then. */
  const last = (): string => bench.rig.dataStreams.at(-1) ?? '';

  describe('in trouble', () => {
    it('a load takes over from an attempt that hangs half-way', async () => {
      let half: () => void = () => undefined;
      const reached = new Promise<void>((resolve) => (half = resolve));
      const call = newCall();
      const hung = bench.rig.store.load(
        call,
        bench.vault.reader(bench.taken, call, { source: hanging(last(), half) }),
        PLACE,
      );
      const over = failureOf(hung);
      await reached;
      // What the activity of the next attempt does first.
      await reapMarked(PREFIX);
      await over;
      await load(bench);
      await bench.rig.store.compare(newCall(), bench.taken, PLACE);
      expect(bench.rig.contents()).toBe(bench.before);
      bench.rig.spoil();
      await bench.rig.store.cutover(newCall(), PLACE);
      expect(bench.rig.contents()).toBe(bench.before);
      await bench.rig.store.release(newCall(), PLACE);
      await expectNothingLeft(bench);
    });

    it('a value changed in the loaded data is found', async () => {
      await load(bench);
      bench.rig.spoilLoaded(PLACE);
      await expect(bench.rig.store.compare(newCall(), bench.taken, PLACE)).rejects.toMatchObject({
        code: 'store.mismatch',
        retryable: false,
      });
      await bench.rig.store.undo(newCall(), PLACE);
      await expectNothingLeft(bench);
    });

    it('a stored object that was cut or changed is named by every reader', async () => {
      for (const [index, { pieces }] of bench.taken.streams.entries()) {
        const key = pieces.at(-1)?.key ?? '';
        const path = bench.vault.pathOf(key);
        const whole = readFileSync(path);
        const flipped = Buffer.from(whole);
        flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
        writeFileSync(path, index % 2 === 0 ? whole.subarray(0, -1) : flipped);
        const call = newCall();
        const reading = bench.rig.store.readable(call, bench.vault.reader(bench.taken, call));
        await expect(reading).rejects.toMatchObject({ code: 'stream.corrupt', facts: { key } });
        writeFileSync(path, whole);
      }
      const key = bench.taken.streams.find(({ name }) => name === last())?.pieces.at(-1)?.key ?? '';
      const whole = readFileSync(bench.vault.pathOf(key));
      truncateSync(bench.vault.pathOf(key), whole.length - 1);
      try {
        await expect(load(bench)).rejects.toMatchObject({ code: 'stream.corrupt', facts: { key } });
      } finally {
        writeFileSync(bench.vault.pathOf(key), whole);
      }
      expect(bench.rig.contents()).toBe(bench.before);
      await bench.rig.store.undo(newCall(), PLACE);
      await expectNothingLeft(bench);
    });

    it('a stream that ended too early is noticed though storage has kept all of it', async () => {
      for (const name of bench.rig.dataStreams) {
        const manifest = await cutShort(bench, name);
        const call = newCall();
        await failureOf(bench.rig.store.readable(call, bench.vault.reader(manifest, call)));
        const restore = async (): Promise<void> => {
          await bench.rig.store.load(call, bench.vault.reader(manifest, call), PLACE);
          await bench.rig.store.compare(call, manifest, PLACE);
        };
        await failureOf(restore());
        await bench.rig.store.undo(newCall(), PLACE);
      }
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('a wrong age identity opens nothing and leaves nothing', async () => {
      const identity = newIdentity();
      const call = newCall();
      const reader = bench.vault.reader(bench.taken, call, { identity });
      await expect(bench.rig.store.readable(call, reader)).rejects.toMatchObject({ code: 'key.wrong' });
      await expect(bench.rig.store.load(call, reader, PLACE)).rejects.toMatchObject({ code: 'key.wrong' });
      await bench.rig.store.undo(newCall(), PLACE);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('a cancelled dump leaves neither process nor session nor object', async () => {
      for (const name of bench.rig.dataStreams) {
        const call = newCall();
        const { storage } = bench.vault;
        const put: ObjectSink['put'] = (key, body, options) => {
          if (!isOf(name)(key)) return storage.put(key, body, options);
          return storage.put(key, cancelAfterFirst(body, call.cancel), options);
        };
        const writer = bench.vault.writer(call, { sink: { put } });
        await expect(bench.rig.store.dump(call, writer)).rejects.toMatchObject({ code: 'cancelled' });
        await expectNothingLeft(bench);
        const prefix = `data/data/${writer.backupId}/`;
        for await (const { key } of storage.list(prefix)) expect(isOf(name)(key)).toBe(false);
        for await (const upload of storage.unfinished(prefix)) expect.fail(upload.key);
      }
      expect(bench.rig.contents()).toBe(bench.before);
    });

    it('a cancelled load leaves nothing that an undo does not remove', async () => {
      bench.rig.spoil();
      const spoiled = bench.rig.contents();
      for (const name of bench.rig.dataStreams) {
        const call = newCall();
        const reader = bench.vault.reader(bench.taken, call, { source: hanging(name, call.cancel) });
        await expect(bench.rig.store.load(call, reader, PLACE)).rejects.toMatchObject({ code: 'cancelled' });
        await bench.rig.store.undo(newCall(), PLACE);
        await expectNothingLeft(bench);
      }
      expect(bench.rig.contents()).toBe(spoiled);
    });
  });
}

async function* cancelAfterFirst(body: AsyncIterable<Buffer>, cancel: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    yield chunk;
    cancel();
  }
}

/** The backup again with only the first half of one stream, as a dump would leave it that thought it was done. */
async function cutShort({ vault, taken }: Bench, name: string): Promise<Manifest> {
  const call = newCall();
  const chunks: Buffer[] = [];
  for await (const chunk of vault.reader(taken, call).open(name)) chunks.push(chunk);
  const whole = Buffer.concat(chunks);
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const stored = await vault.writer(call).content(name, Readable.from([half]));
  return {
    ...taken,
    streams: taken.streams.map((stream) => (stream.name === name ? { ...stream, ...stored } : stream)),
  };
}
