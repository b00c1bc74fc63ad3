import { SteadyError } from '../contracts/failures.js';
import type { StoredObject, StoredStream } from '../contracts/stored/document.js';
import type { Filters } from './filters.js';
import type { Flow } from './flow.js';
import type { Meter } from './meter.js';
import { putPiece } from './put-piece.js';
import { splitPieces } from './split-pieces.js';
import { createHopClock, watchStall, type Stall } from './stall.js';
import type { Source } from './stream-source.js';
import type { StreamWriterOptions } from './stream-writer.js';
import { writeChunk } from './write-chunk.js';

/** A stream about to be stored. */
export interface StoreParts {
  readonly flow: Flow;
  readonly name: string;
  readonly source: Source;
  readonly filters: Filters;
  readonly meter: Meter;
}

/** Moves a started source through started filters into storage; see StreamWriter.stream. */
export async function storeStream(parts: StoreParts, options: StreamWriterOptions): Promise<StoredStream> {
  const { flow, name, source, filters, meter } = parts;
  const limit = options.stallSeconds;
  const clocks = {
    read: createHopClock(),
    exit: createHopClock(),
    write: createHopClock(),
    finish: createHopClock(),
  };
  const [ask, sink] = [createHopClock(), createHopClock()];
  const tell = throttledProgress(name, options.onProgress);
  let storedBytes = 0;

  /** Source to the filters. Their input ends only after the source ended well, so a cut-off one never looks whole. */
  const feed = async (): Promise<void> => {
    for (;;) {
      const next = await flow.wait(clocks.read.during(source.bytes.next()));
      if (next.done) break;
      meter.update(next.value);
      if (!(await flow.wait(clocks.write.during(writeChunk(filters.stdin, next.value))))) {
        const failure = await flow.wait(filters.done);
        throw (
          failure?.error ?? new SteadyError('tool.failed', { tool: filters.label, error: 'ended too early' })
        );
      }
      tell(meter.bytes, storedBytes);
    }
    await flow.wait(clocks.exit.during(source.ended()));
    filters.stdin.end();
    clocks.finish.start();
  };

  /** What comes out of the filters; ends only when every process of the pipeline ended with 0. */
  async function* stored(feeding: Promise<void>): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const next = await flow.wait(ask.during(filters.chunks.next()));
      if (next.done) break;
      if (options.pace) await flow.wait(options.pace.take(next.value.length, flow.signal));
      yield next.value;
      storedBytes += next.value.length;
      tell(meter.bytes, storedBytes);
    }
    ask.start();
    await flow.wait(feeding);
    const failure = await flow.wait(filters.done);
    ask.stop();
    if (failure) throw failure.error;
    // Even nothing compresses to a header: no bytes at all means that they were lost on the way.
    if (storedBytes === 0)
      throw new SteadyError('tool.failed', { tool: filters.label, error: 'gave no bytes' });
  }

  /** Storage first: when it takes nothing, all before it stands still too. */
  const find = (): Stall | undefined => {
    const stall = (hop: string, why: string): Stall => ({ hop, why, seconds: limit });
    if (sink.over(limit)) return stall('storage', 'storage takes no bytes (back-pressure, not the source)');
    if (ask.over(limit) && clocks.write.over(limit))
      return stall(filters.label, 'takes no bytes and gives none');
    if (ask.over(limit) && clocks.finish.over(limit))
      return stall(filters.label, 'has all bytes but does not end');
    if (clocks.read.over(limit)) return stall(source.label, 'sends no bytes');
    if (clocks.exit.over(limit)) return stall(source.label, 'closed its output but does not end');
    return undefined;
  };

  const unwatch = watchStall({ stream: name, seconds: limit, find, onStall: flow.fail });
  try {
    void filters.done.then((failure) => failure && flow.fail(failure.error));
    const feeding = feed();
    feeding.catch(flow.fail);
    const suffix = options.recipients.length === 0 ? 'zst' : 'zst.age';
    const pieces: StoredObject[] = [];
    for await (const body of splitPieces(stored(feeding), options.pieceLimit)) {
      const key = options.keyOf(`${name}.${suffix}.${String(pieces.length).padStart(3, '0')}`);
      pieces.push(await putPiece({ flow, sink: options.sink, key, body, clock: sink, stallSeconds: limit }));
    }
    tell(meter.bytes, storedBytes, true);
    return { name, pieces, rawBytes: meter.bytes, rawSha256: meter.sha256() };
  } finally {
    unwatch();
    source.release();
  }
}

const PROGRESS_MS = 250;

function throttledProgress(stream: string, onProgress: StreamWriterOptions['onProgress']) {
  let told = 0;
  return (rawBytes: number, storedBytes: number, last = false): void => {
    if (!onProgress || (!last && performance.now() - told < PROGRESS_MS)) return;
    told = performance.now();
    onProgress({ stream, rawBytes, storedBytes });
  };
}
