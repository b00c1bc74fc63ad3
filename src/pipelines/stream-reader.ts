import type { StoredStream } from '../contracts/stored/document.js';
import { SteadyError } from '../contracts/failures.js';
import type { Secret } from '../contracts/secret.js';
import { feedConsumer } from './feed-consumer.js';
import { openFlow, withFlow } from './flow.js';
import type { ObjectSource } from './object-port.js';
import { startReading } from './start-reading.js';
import type { Pace } from './pace.js';
import type { PlacedTool, StreamProgress } from './tool.js';

export interface StreamReaderOptions {
  readonly source: ObjectSource;
  readonly streams: readonly StoredStream[];
  /** Whether the pieces are age files. */
  readonly encrypted: boolean;
  readonly identity?: Secret | undefined;
  /** Storage, age or zstd without a byte for this long fail the stream. */
  readonly stallSeconds: number;
  /**
   * The same for the consumer, which may build an index between two reads or after the last one. Default: an hour, or
   * stallSeconds where that is longer.
   */
  readonly consumerStallSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told at most every quarter of a second, and at the end. */
  readonly onProgress?: ((progress: StreamProgress) => void) | undefined;
  /** Niceness of zstd and age. */
  readonly niceness?: number | undefined;
  /** Holds back what is fetched; left out: nothing does. */
  readonly pace?: Pace | undefined;
  /** Marks zstd and age where the consumer carries no STEADY_MARKER. */
  readonly marker?: string | undefined;
}

export interface StreamReader {
  /**
   * Feeds a stream to a tool's stdin, or reads it to its end. The tool sees the end of its input only after all bytes
   * were found right; when something is wrong it is killed instead. It has to take every byte and end with 0; ending
   * before that is a failure also when the exit code says 0.
   */
  stream(
    name: string,
    consumer?: PlacedTool,
  ): Promise<{ readonly rawBytes: number; readonly stdout: string }>;
  /** The raw bytes. Ends normally only when all were right; leaving the loop early ends the tools behind it. */
  open(name: string): AsyncIterable<Buffer>;
}

/**
 * Gives streams of one backup back; with the manifest this is a BackupReader. Throws `stream.corrupt` naming the key that differs from the manifest, `storage.missing`,
 * `key.missing`, `key.wrong`, `stream.stalled`, `cancelled`.
 */
export function createStreamReader(options: StreamReaderOptions): StreamReader {
  const find = (name: string): StoredStream => {
    const stream = options.streams.find((candidate) => candidate.name === name);
    if (!stream)
      throw new SteadyError('storage.missing', { stream: name, error: 'the manifest names no such stream' });
    return stream;
  };
  return {
    stream: async (name, consumer) => {
      const stored = find(name);
      return withFlow(name, options.signal, async (flow) => {
        const reading = await startReading({
          flow,
          stored,
          options,
          marker: consumer?.env?.['STEADY_MARKER'],
        });
        try {
          const stdout = consumer
            ? await feedConsumer(flow, reading, consumer)
            : await readAll(reading.bytes);
          return { rawBytes: stored.rawBytes, stdout };
        } finally {
          reading.unwatch();
        }
      });
    },
    open: (name) => openRaw(find(name), options),
  };
}

async function* openRaw(
  stored: StoredStream,
  options: StreamReaderOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const flow = openFlow(stored.name, options.signal);
  let left = true;
  let unwatch = (): void => undefined;
  try {
    const reading = await startReading({ flow, stored, options });
    unwatch = reading.unwatch;
    for await (const chunk of reading.bytes) {
      reading.deliver.start();
      // Whoever reads may keep it.
      yield Buffer.from(chunk);
      reading.deliver.stop();
    }
    left = false;
  } catch (error) {
    left = false;
    flow.fail(error);
  } finally {
    unwatch();
    const abandoned = new SteadyError('cancelled', { stream: stored.name });
    if (left) flow.fail(abandoned);
    await flow.close().catch((error: unknown) => {
      if (error !== abandoned) throw error;
    });
  }
}

async function readAll(bytes: AsyncIterable<Buffer>): Promise<string> {
  for await (const chunk of bytes) void chunk;
  return '';
}
