import type { StoredStream } from '../contracts/stored/document.js';
import { startFilters, storingFilters, type Filters } from './filters.js';
import { withFlow, type Flow } from './flow.js';
import { createMeter } from './meter.js';
import type { ObjectSink } from './object-port.js';
import { storeStream } from './store-stream.js';
import { sourceOfBody, sourceOfTool } from './stream-source.js';
import type { Pace } from './pace.js';
import type { PlacedTool, StreamProgress } from './tool.js';

export interface StreamWriterOptions {
  readonly backupId: string;
  readonly sink: ObjectSink;
  /** The key of an object by its name, such as `db.zst.age.000`. */
  readonly keyOf: (objectName: string) => string;
  /** Most stored bytes of one object; a longer stream goes on in the next. */
  readonly pieceLimit: number;
  /** age recipients; none: not encrypted. */
  readonly recipients: readonly string[];
  /** A hop that no byte passes for this long fails the stream. */
  readonly stallSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Told at most every quarter of a second, and at the end. */
  readonly onProgress?: ((progress: StreamProgress) => void) | undefined;
  /** zstd's level (default 1) and threads (default 1). */
  readonly zstd?: { readonly level?: number | undefined; readonly threads?: number | undefined } | undefined;
  /** Niceness of zstd and age. */
  readonly niceness?: number | undefined;
  /** Holds back what is stored; left out: nothing does. */
  readonly pace?: Pace | undefined;
  /** Marks zstd and age where the producer carries no STEADY_MARKER. */
  readonly marker?: string | undefined;
}

export interface StreamWriter {
  readonly backupId: string;
  /**
   * Runs the producer and stores what it writes: compressed, encrypted, in pieces, each confirmed by storage. Resolves
   * only when every process ended with 0; else the piece being written is discarded, every process is ended and the
   * first failure is thrown. Pieces before it may stay behind as litter: nothing names them.
   */
  stream(name: string, producer: PlacedTool): Promise<StoredStream>;
  /** The same for a source that is no tool. */
  content(name: string, body: AsyncIterable<Buffer>): Promise<StoredStream>;
}

/** Stores streams of one backup (a BackupWriter). Several streams may run at once. */
export function createStreamWriter(options: StreamWriterOptions): StreamWriter {
  return {
    backupId: options.backupId,
    stream: (name, producer) =>
      withFlow(name, options.signal, async (flow) => {
        const marker = producer.env?.['STEADY_MARKER'] ?? options.marker;
        const filters = await startStoring(flow, options, marker);
        const source = sourceOfTool(await flow.start(producer, { reuseOutput: true }));
        return storeStream({ flow, name, source, filters, meter: createMeter() }, options);
      }),
    content: (name, body) =>
      withFlow(name, options.signal, async (flow) => {
        const filters = await startStoring(flow, options, options.marker);
        return storeStream(
          { flow, name, source: sourceOfBody(body), filters, meter: createMeter() },
          options,
        );
      }),
  };
}

function startStoring(
  flow: Flow,
  options: StreamWriterOptions,
  marker: string | undefined,
): Promise<Filters> {
  const { zstd, niceness } = options;
  return startFilters(flow, storingFilters(options.recipients, { ...zstd, niceness, marker }));
}
