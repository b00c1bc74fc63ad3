import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { StoragePort } from '../../adapters/storage/port.js';
import { SteadyError } from '../../contracts/failures.js';
import { serverNow } from '../server-clock.js';

/** Stored documents are pretty-printed JSON with a final newline: people read them with `cat`. */
export function documentBytes(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads a stored form; `storage.future` for a newer one, `storage.damaged` for what cannot be read. */
export async function readDocument<S extends z.ZodType>(
  storage: StoragePort,
  key: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  const bytes = await storage.read(key);
  return bytes && parseDocument(bytes, key, schema);
}

export function parseDocument<S extends z.ZodType>(bytes: Buffer, key: string, schema: S): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SteadyError('storage.damaged', { key }, { cause });
  }
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > 1) throw new SteadyError('storage.future', { key, version });
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SteadyError('storage.damaged', { key, field: issue?.path.join('.'), error: issue?.message });
  }
  return parsed.data;
}

/**
 * Creates a document once. The same content is done; other content under the key is `storage.exists`.
 *
 * @param lockUntil where storage locks: until when the document is locked from the first moment
 */
export async function createDocument(
  storage: StoragePort,
  key: string,
  value: unknown,
  lockUntil?: Date,
): Promise<Buffer> {
  const bytes = documentBytes(value);
  if ((await createOnce(storage, key, bytes, lockUntil)) === 'exists') {
    const there = await storage.read(key);
    if (there === undefined || !there.equals(bytes)) throw new SteadyError('storage.exists', { key });
  }
  return bytes;
}

/** A lock that has ended already is none. */
export async function createOnce(
  storage: StoragePort,
  key: string,
  bytes: Uint8Array,
  lockUntil: Date | undefined,
): Promise<'created' | 'exists'> {
  if (storage.lock && lockUntil && lockUntil.getTime() > serverNow().getTime())
    return await storage.lock.create(key, bytes, lockUntil);
  return await storage.create(key, bytes);
}

/** Two of a kind in one second take the next one. */
const SECONDS_TRIED = 60;

/**
 * Creates a document whose key carries its time to the second. Where another of the kind already has that second it
 * takes the next free one, so that two proofs or marks at once are both kept; the same content again is done.
 */
export async function createTimedDocument(
  storage: StoragePort,
  of: {
    readonly at: string;
    readonly key: (time: Date) => string;
    readonly value: (at: string) => unknown;
    readonly lockUntil?: Date | undefined;
  },
): Promise<void> {
  for (let second = 0; second < SECONDS_TRIED; second++) {
    const time = new Date(Date.parse(of.at) + second * 1000);
    const bytes = documentBytes(of.value(time.toISOString()));
    if ((await createOnce(storage, of.key(time), bytes, of.lockUntil)) === 'created') return;
    const there = await storage.read(of.key(time));
    if (there?.equals(bytes)) return;
  }
  throw new SteadyError('storage.exists', { key: of.key(new Date(of.at)) });
}
