import type { Readable } from 'node:stream';

/** One stored object, as a listing tells it. `key` is relative to the storage's own root. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

export interface PutResult {
  readonly bytes: number;
  readonly sha256: string;
}

export interface PutOptions {
  readonly signal?: AbortSignal;
  /** Total bytes handed to storage so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** An upload that was begun and neither completed nor aborted. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly id: string;
  readonly startedAt: Date;
}

/**
 * A place for backups. Keys are relative to `<prefix>/<stack>/`. Every vendor passes the shared suite in
 * `test/adapters/storage/suite.ts`. Errors are SteadyError of the `storage.*` codes.
 */
export interface StoragePort {
  /** For messages: `s3://bucket/prefix` or the folder. Never a secret. */
  readonly location: string;
  /** A shell fragment that writes the object to stdout with stock tools (`aws s3 cp … -`, `cat …`). */
  shellCat(key: string): string;
  /**
   * Stores a stream of unknown length. When this resolves, storage has confirmed size and checksum; when it rejects or
   * is aborted, no object is visible under the key and the unfinished parts are removed (as far as storage answers;
   * else `unfinished()` lists them). An object that already exists there is an error (`storage.exists`).
   */
  put(key: string, body: AsyncIterable<Buffer>, options?: PutOptions): Promise<PutResult>;
  /** Creates a small document, durable when this resolves; never overwrites. */
  create(key: string, content: Uint8Array): Promise<'created' | 'exists'>;
  /** Reads from the start; fails with `storage.missing`. Aborting the signal ends the stream with an error. */
  get(key: string, options?: { readonly signal?: AbortSignal }): Promise<Readable>;
  /** A small document whole, or undefined when it is not there. */
  read(key: string): Promise<Buffer | undefined>;
  /** Size as storage tells it, and its own checksum (SHA-256, hex) where it keeps one; undefined when not there. */
  head(key: string): Promise<{ readonly bytes: number; readonly sha256?: string } | undefined>;
  /** Everything under a prefix in order of key; a failing page is an error, never an end. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Deletes; fine when it is not there. */
  delete(key: string): Promise<void>;
  /** Uploads begun and not finished under a prefix. */
  unfinished(prefix: string): AsyncIterable<UnfinishedUpload>;
  abortUnfinished(upload: UnfinishedUpload): Promise<void>;
  /** Free bytes, where that can be told. */
  free(): Promise<number | undefined>;
}
