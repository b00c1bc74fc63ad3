import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { SteadyError } from '../../src/contracts/failures.js';
import type { ObjectSink, ObjectSource } from '../../src/pipelines/object-port.js';

export interface MemoryObjects extends ObjectSink, ObjectSource {
  /** Completed objects only. */
  readonly objects: Map<string, Buffer>;
  /** Keys whose body threw or which were given up. */
  readonly discarded: string[];
}

/** Storage in memory that keeps the contract of a StoragePort for put and get. */
export function memoryObjects(
  options: {
    /** Awaited before each chunk is taken; may throw or wait for ever. */
    readonly onChunk?: (key: string, bytesBefore: number) => Promise<void> | void;
    /** Changes what is confirmed. */
    readonly confirm?: (result: { bytes: number; sha256: string }) => { bytes: number; sha256: string };
    /** Counts only; for long streams. */
    readonly forget?: boolean;
  } = {},
): MemoryObjects {
  const objects = new Map<string, Buffer>();
  const discarded: string[] = [];
  return {
    objects,
    discarded,
    async put(key, body) {
      const hash = createHash('sha256');
      const chunks: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const chunk of body) {
          await options.onChunk?.(key, bytes);
          hash.update(chunk);
          bytes += chunk.length;
          if (!options.forget) chunks.push(Buffer.from(chunk));
        }
      } catch (error) {
        discarded.push(key);
        throw error;
      }
      objects.set(key, Buffer.concat(chunks));
      const result = { bytes, sha256: hash.digest('hex') };
      return options.confirm?.(result) ?? result;
    },
    get(key) {
      const object = objects.get(key);
      if (!object) return Promise.reject(new SteadyError('storage.missing', { key }));
      const cut = 10_000;
      const chunks = Array.from({ length: Math.ceil(object.length / cut) }, (_, i) =>
        object.subarray(i * cut, (i + 1) * cut),
      );
      return Promise.resolve(Readable.from(chunks));
    },
  };
}
