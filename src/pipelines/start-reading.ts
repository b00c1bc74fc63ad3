import type { StoredObject, StoredStream } from '../contracts/stored/document.js';
import { SteadyError } from '../contracts/failures.js';
import { checkedPiece } from './check-piece.js';
import { feedPieces } from './feed-pieces.js';
import { restoringFilters, startFilters, type Filters } from './filters.js';
import type { Flow } from './flow.js';
import { openIdentity } from './identity.js';
import { createMeter } from './meter.js';
import { createHopClock, watchStall, type HopClock, type Stall } from './stall.js';
import type { StreamReaderOptions } from './stream-reader.js';

/** A stream being read. */
export interface Reading {
  /** Raw bytes; ends normally only when everything was right. A chunk is good until the next one is asked for. */
  readonly bytes: AsyncIterable<Buffer>;
  /** To run while the consumer takes nothing. */
  readonly deliver: HopClock;
  /** To run while the consumer has all bytes and does not end. */
  readonly exit: HopClock;
  /** Name of the consumer for the message of a stall. */
  consumer: string;
  readonly unwatch: () => void;
}

/** Starts the tools that open a stream. Bytes move when they are asked for. */
export async function startReading(parts: {
  readonly flow: Flow;
  readonly stored: StoredStream;
  readonly options: StreamReaderOptions;
  readonly marker?: string | undefined;
}): Promise<Reading> {
  const { flow, stored, options } = parts;
  const filters = await startRestoring(flow, options, parts.marker ?? options.marker);
  const [fetch, write, finish, ask] = [
    createHopClock(),
    createHopClock(),
    createHopClock(),
    createHopClock(),
  ];
  const [deliver, exit] = [createHopClock(), createHopClock()];
  let storedBytes = 0;
  const onBytes = (bytes: number): void => void (storedBytes += bytes);
  const open = (piece: StoredObject) =>
    checkedPiece({ flow, source: options.source, piece, clock: fetch, onBytes, pace: options.pace });

  const limit = options.stallSeconds;
  const patience = options.consumerStallSeconds ?? Math.max(limit, 3600);
  /** The consumer first: when it takes nothing, all before it stands still too. */
  const find = (): Stall | undefined => {
    const stall = (hop: string, why: string, seconds = limit): Stall => ({ hop, why, seconds });
    if (deliver.over(patience))
      return stall(reading.consumer, 'takes no bytes (back-pressure, not storage)', patience);
    if (exit.over(patience)) return stall(reading.consumer, 'has all bytes but does not end', patience);
    if (fetch.over(limit)) return stall('storage', 'storage sends no bytes');
    if (ask.over(limit) && write.over(limit)) return stall(filters.label, 'takes no bytes and gives none');
    if (ask.over(limit) && finish.over(limit)) return stall(filters.label, 'has all bytes but does not end');
    return undefined;
  };

  async function* bytes(): AsyncGenerator<Buffer, void, undefined> {
    const meter = createMeter();
    let told = 0;
    const tell = (): void => {
      told = performance.now();
      options.onProgress?.({ stream: stored.name, rawBytes: meter.bytes, storedBytes });
    };
    const identity = options.encrypted ? options.identity : undefined;
    const feeding = feedPieces({ flow, pieces: stored.pieces, open, filters, identity, clock: write });
    feeding.then(finish.start, flow.fail);
    for (;;) {
      const next = await flow.wait(ask.during(filters.chunks.next()));
      if (next.done) break;
      meter.update(next.value);
      yield next.value;
      if (performance.now() - told >= 250) tell();
    }
    await flow.wait(ask.during(feeding));
    const failure = await flow.wait(ask.during(filters.done));
    // Every piece was as the manifest says and yet it cannot be read; a tool that was killed says nothing of that.
    if (failure && failure.exit.code !== null) {
      throw new SteadyError('stream.corrupt', { stream: stored.name, says: failure.error.message });
    }
    if (failure) throw failure.error;
    compareRaw(stored, meter.bytes, meter.sha256());
    tell();
  }
  const unwatch = watchStall({
    stream: stored.name,
    seconds: Math.min(limit, patience),
    find,
    onStall: flow.fail,
  });
  const reading: Reading = { bytes: bytes(), deliver, exit, consumer: 'reader', unwatch };
  return reading;
}

async function startRestoring(
  flow: Flow,
  options: StreamReaderOptions,
  marker: string | undefined,
): Promise<Filters> {
  const tools = restoringFilters(options.encrypted, { niceness: options.niceness, marker });
  if (!options.encrypted) return startFilters(flow, tools);
  if (options.identity === undefined) throw new SteadyError('key.missing');
  const file = await openIdentity(options.identity);
  try {
    return await startFilters(flow, tools, { inherit: [file.fd] });
  } finally {
    await file.close();
  }
}

function compareRaw(stored: StoredStream, rawBytes: number, rawSha256: string): void {
  if (rawBytes === stored.rawBytes && rawSha256 === stored.rawSha256) return;
  const [found, expected] = [
    `${rawBytes} bytes ${rawSha256}`,
    `${stored.rawBytes} bytes ${stored.rawSha256}`,
  ];
  throw new SteadyError('stream.corrupt', { stream: stored.name, raw: found, expected });
}
