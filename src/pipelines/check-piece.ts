import type { StoredObject } from '../contracts/stored/document.js';
import { SteadyError } from '../contracts/failures.js';
import type { Flow } from './flow.js';
import { createMeter } from './meter.js';
import type { ObjectSource } from './object-port.js';
import type { Pace } from './pace.js';
import type { HopClock } from './stall.js';

/**
 * The bytes of one stored piece. Ends normally only when size and SHA-256 are those of the manifest; else throws
 * `stream.corrupt` with the key. What was given out before that is not to be trusted.
 */
export async function* checkedPiece(options: {
  readonly flow: Flow;
  readonly source: ObjectSource;
  readonly piece: StoredObject;
  /** Runs while storage is waited for. */
  readonly clock: HopClock;
  readonly onBytes: (bytes: number) => void;
  readonly pace?: Pace | undefined;
}): AsyncGenerator<Buffer, void, undefined> {
  const { flow, source, piece, clock } = options;
  const meter = createMeter();
  const body = await flow.wait(clock.during(source.get(piece.key, { signal: flow.signal })));
  // Destroyed on the way out, it may still report the broken connection.
  body.on('error', () => undefined);
  try {
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const next = await flow.wait(clock.during(chunks.next()));
      if (next.done) break;
      if (options.pace) await flow.wait(options.pace.take(next.value.length, flow.signal));
      meter.update(next.value);
      options.onBytes(next.value.length);
      if (meter.bytes > piece.bytes) break;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
  if (meter.bytes !== piece.bytes) {
    const found = meter.bytes > piece.bytes ? `more than ${piece.bytes}` : meter.bytes;
    throw new SteadyError('stream.corrupt', { key: piece.key, bytes: found, expected: piece.bytes });
  }
  const sha256 = meter.sha256();
  if (sha256 !== piece.sha256) {
    throw new SteadyError('stream.corrupt', { key: piece.key, sha256, expected: piece.sha256 });
  }
}
