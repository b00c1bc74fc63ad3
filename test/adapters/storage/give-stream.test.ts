import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { giveStream, readWhole } from '../../../src/adapters/storage/give-stream.js';

describe('a stream from storage', () => {
  const source = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('first');
    await new Promise(() => undefined);
  };

  it('tells its reader that it was cancelled', async () => {
    const caller = new AbortController();
    const stream = giveStream(source, { key: 'a', signal: caller.signal });
    const reading = readWhole(stream);
    caller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled', facts: { key: 'a' } });
  });

  it('may be cancelled before anyone reads it', async () => {
    const caller = new AbortController();
    const stream = giveStream(source, { key: 'a', signal: caller.signal });
    caller.abort();
    await setImmediate(); // an error without a listener would end the process here
    await expect(readWhole(stream)).rejects.toMatchObject({ code: 'cancelled', facts: { key: 'a' } });
  });
});
