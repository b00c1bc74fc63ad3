import type { StoredObject } from '../contracts/stored/document.js';
import { SteadyError } from '../contracts/failures.js';
import type { Flow } from './flow.js';
import { createMeter } from './meter.js';
import type { ObjectSink } from './object-port.js';
import type { HopClock } from './stall.js';
import { within } from './within.js';

/**
 * How long a failed upload may take to discard what it began, in seconds, or the stall limit where that is shorter; after
 * that it is litter for the sweep.
 */
const DISCARD_SECONDS = 30;

/**
 * Stores one piece and compares what storage confirms with what was sent. The clock runs while storage has bytes and
 * asks for no more.
 */
export async function putPiece(options: {
  readonly flow: Flow;
  readonly sink: ObjectSink;
  readonly key: string;
  readonly body: AsyncIterable<Buffer>;
  readonly clock: HopClock;
  readonly stallSeconds: number;
}): Promise<StoredObject> {
  const { flow, sink, key, clock } = options;
  const meter = createMeter();
  let whole = false;
  async function* sent(): AsyncGenerator<Buffer, void, undefined> {
    clock.stop();
    try {
      for await (const chunk of options.body) {
        meter.update(chunk);
        clock.start();
        yield chunk;
        clock.stop();
      }
    } catch (error) {
      flow.fail(error); // before storage gives it other words
      throw error;
    }
    whole = true;
    clock.start();
  }

  clock.start();
  const putting = sink.put(key, sent(), { signal: flow.signal, onProgress: () => restart(clock) });
  try {
    const confirmed = await flow.wait(putting);
    const sha256 = meter.sha256();
    if (!whole || confirmed.bytes !== meter.bytes || confirmed.sha256 !== sha256) {
      const stored = `${confirmed.bytes} bytes ${confirmed.sha256}`;
      throw new SteadyError('storage.mismatch', { key, sent: `${meter.bytes} bytes ${sha256}`, stored });
    }
    return { key, bytes: meter.bytes, sha256 };
  } catch (error) {
    flow.fail(error);
    await within(
      Math.min(DISCARD_SECONDS, options.stallSeconds),
      putting.catch(() => undefined),
    );
    throw error;
  } finally {
    clock.stop();
  }
}

/** Progress of storage counts as movement, but only while it is storage that is waited for. */
function restart(clock: HopClock): void {
  if (clock.over(0)) clock.start();
}
