import type { Readable } from 'node:stream';

/**
 * What pipelines need of storage, told by its structure: adapters may import pipelines, not the other way round. Every
 * StoragePort is both.
 */
export interface ObjectSink {
  /**
   * Completes the object only when the body ended normally; discards it when the body throws. A chunk is good until the
   * next one is asked for.
   */
  put(
    key: string,
    body: AsyncIterable<Buffer>,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number) => void },
  ): Promise<{ readonly bytes: number; readonly sha256: string }>;
}

export interface ObjectSource {
  get(key: string, options?: { readonly signal?: AbortSignal }): Promise<Readable>;
}
