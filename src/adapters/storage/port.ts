import type { Readable } from 'node:stream';
import type { CheckLine } from '../../contracts/runs/check-line.js';

/** What was done over an object after it was stored: it is still read as it was, and this is told. */
export interface Altered {
  /** Versions newer than the object's own. */
  readonly versions: number;
  readonly deleteMarkers: number;
  /** When the newest of them came. */
  readonly at: Date;
}

/** One stored object, as a listing tells it. `key` is relative to the storage's own root. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Told by storage that locks only. */
  readonly altered?: Altered;
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

/** The lock of one object; without an end: none. */
export interface ObjectLockEnd {
  readonly key: string;
  readonly end: Date | undefined;
}

/**
 * Storage that keeps versions and locks them (S3 Object Lock). A lock protects a version, not a key: a newer version or
 * a delete marker hides a locked object from whoever asks for the key. So all of the port goes by version here: the
 * oldest version of a key is the object, whatever came after it; `create` answers `exists` for one that is hidden;
 * `delete` removes every version, and fails with `storage.locked` while one of them is locked.
 */
export interface LockPort {
  /** As `create`, and locked from the first moment. */
  create(key: string, content: Uint8Array, until: Date): Promise<'created' | 'exists'>;
  /** Locks an object until then at least: a lock is only ever lengthened. Fails with `storage.missing`. */
  lock(key: string, until: Date): Promise<void>;
  /** When the longest lock of any version of the key ends: as long as that, it cannot be deleted; undefined without one. */
  until(key: string): Promise<Date | undefined>;
  /** When the locks of the objects themselves end, whatever lies over them: a listing, and a request an object. */
  ends(prefix: string): Promise<ObjectLockEnd[]>;
  /** Whether the place can do what a lock needs. */
  check(): Promise<CheckLine[]>;
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
   * else `unfinished()` lists them). An object that already exists there is an error (`storage.exists`). A chunk of the
   * body is good until the next one is asked for.
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
  /** Left out where nothing is locked: `storage.lock` is not asked for. */
  readonly lock?: LockPort;
  /** Free bytes, where that can be told. */
  free(): Promise<number | undefined>;
}
