import { describe, expect, it } from 'vitest';
import { giveStream } from '../../../src/adapters/storage/give-stream.js';
import { stopFor, takeBody } from '../../../src/adapters/storage/take-body.js';
import { all, hangingBody } from './bodies.js';

describe('taking a body', () => {
  it('lets go of the body when it is stopped', async () => {
    let closed = false;
    const endless = async function* (): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.from('x');
      } finally {
        closed = true;
      }
    };
    const stop = stopFor(undefined, 'a');
    const error = new Error('a part failed');
    const taking = (async () => {
      for await (const _ of takeBody(endless(), stop.signal)) stop.with(error);
    })();
    await expect(taking).rejects.toBe(error);
    await expect.poll(() => closed).toBe(true);
  });

  it('stops at once although the body waits', async () => {
    const stop = stopFor(undefined, 'a');
    const taking = all(takeBody(hangingBody(10), stop.signal));
    stop.with(new Error('first'));
    stop.with(new Error('second'));
    await expect(taking).rejects.toThrow('first');
  });

  it('keeps no listener on the signal of the caller', async () => {
    const caller = new AbortController();
    const stop = stopFor(caller.signal, 'a');
    stop.release();
    caller.abort();
    expect(stop.signal.aborted).toBe(false);
  });
});

describe('giving a stream', () => {
  it('tells its source at once when nobody reads any more', async () => {
    let told = false;
    const source = async function* (signal: AbortSignal): AsyncGenerator<Buffer> {
      signal.addEventListener('abort', () => (told = true));
      yield* hangingBody(10);
    };
    const stream = giveStream(source, { key: 'a' });
    for await (const _ of stream) break;
    expect(told).toBe(true);
    expect(stream.destroyed).toBe(true);
  });
});
