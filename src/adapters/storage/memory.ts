import { createHash, randomUUID } from 'node:crypto';
import { SteadyError } from '../../contracts/failures.js';
import { giveStream } from './give-stream.js';
import { compareKeys, requireLegalKey, requireLegalPrefix } from './key-rules.js';
import type { Altered, StoragePort, UnfinishedUpload } from './port.js';
import { shellQuote } from './shell-quote.js';
import { stopFor, takeBody } from './take-body.js';

interface Version {
  /** Undefined for a delete marker. */
  readonly content: Buffer | undefined;
  readonly modifiedAt: Date;
  lockedUntil?: Date | undefined;
}

/** What somebody with a credential of their own does to an object, past this storage. */
export interface Tampering {
  overwrite(key: string, content: Uint8Array, lockedUntil?: Date): void;
  hide(key: string): void;
}

/** Storage in this process's memory, for tests. It passes the same suites as the vendors. */
export function createMemoryStorage(
  options: { readonly locks?: boolean } = {},
): StoragePort & { readonly tampering: Tampering } {
  /** Oldest first; only storage that locks ever has more than one. */
  const objects = new Map<string, Version[]>();
  const begun = new Map<string, UnfinishedUpload>();
  const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  const add = (key: string, content: Buffer | undefined, lockedUntil?: Date): void => {
    objects.set(key, [...(objects.get(key) ?? []), { content, modifiedAt: new Date(), lockedUntil }]);
  };
  const storeNew = (key: string, content: Buffer, lockedUntil?: Date): boolean => {
    if (find(key)) return false;
    add(key, content, lockedUntil);
    return true;
  };
  const find = (key: string): (Version & { readonly content: Buffer }) | undefined => {
    requireLegalKey(key);
    const isObject = (one: Version): one is Version & { readonly content: Buffer } =>
      one.content !== undefined;
    return objects.get(key)?.find(isObject);
  };
  const until = (key: string): Date | undefined => {
    const ends = (objects.get(key) ?? []).flatMap((one) => one.lockedUntil?.getTime() ?? []);
    return ends.length === 0 ? undefined : new Date(Math.max(...ends));
  };

  return {
    location: 'memory',
    shellCat(key) {
      requireLegalKey(key);
      return `cat ${shellQuote(`memory/${key}`)}`;
    },

    async put(key, body, options = {}) {
      requireLegalKey(key);
      const stop = stopFor(options.signal, key);
      const upload = { key, id: randomUUID(), startedAt: new Date() };
      begun.set(upload.id, upload);
      try {
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of takeBody(body, stop.signal)) {
          chunks.push(Buffer.from(chunk));
          bytes += chunk.length;
          options.onProgress?.(bytes);
        }
        stop.check();
        const content = Buffer.concat(chunks);
        if (!storeNew(key, content)) throw new SteadyError('storage.exists', { storage: 'memory', key });
        return { bytes, sha256: sha256(content) };
      } finally {
        begun.delete(upload.id);
        stop.release();
      }
    },

    async create(key, content) {
      requireLegalKey(key);
      return storeNew(key, Buffer.from(content)) ? 'created' : 'exists';
    },

    async get(key, options = {}) {
      const object = find(key);
      if (!object) throw new SteadyError('storage.missing', { storage: 'memory', key });
      const chunks = function* (): Generator<Buffer> {
        for (let at = 0; at < object.content.length; at += 65_536)
          yield object.content.subarray(at, at + 65_536);
      };
      return giveStream(
        async function* () {
          yield* chunks();
        },
        { key, signal: options.signal },
      );
    },

    async read(key) {
      const object = find(key);
      return object && Buffer.from(object.content);
    },

    async head(key) {
      const object = find(key);
      return object && { bytes: object.content.length, sha256: sha256(object.content) };
    },

    async *list(prefix) {
      requireLegalPrefix(prefix);
      for (const key of [...objects.keys()].filter((k) => k.startsWith(prefix)).sort(compareKeys)) {
        const object = find(key);
        if (!object) continue;
        const altered = alteredBy(objects.get(key) ?? []);
        const { content, modifiedAt } = object;
        yield { key, bytes: content.length, modifiedAt, ...(altered && { altered }) };
      }
    },

    async delete(key) {
      requireLegalKey(key);
      const end = until(key);
      if (end && end.getTime() > Date.now())
        throw new SteadyError('storage.locked', { storage: 'memory', key, until: end.toISOString() });
      objects.delete(key);
    },

    async *unfinished(prefix) {
      requireLegalPrefix(prefix);
      yield* [...begun.values()].filter((upload) => upload.key.startsWith(prefix));
    },

    async abortUnfinished(upload) {
      begun.delete(upload.id);
    },

    free: () => Promise.resolve(undefined),
    tampering: {
      overwrite: (key, content, end) => add(key, Buffer.from(content), end),
      hide: (key) => add(key, undefined),
    },

    ...(options.locks === true && {
      lock: {
        create: async (key, content, end) =>
          storeNew(key, Buffer.from(content), end) ? 'created' : 'exists',
        async lock(key, end) {
          const object = find(key);
          if (!object) throw new SteadyError('storage.missing', { storage: 'memory', key });
          if (object.lockedUntil === undefined || object.lockedUntil < end) object.lockedUntil = end;
        },
        async until(key) {
          requireLegalKey(key);
          return until(key);
        },
        async ends(prefix) {
          requireLegalPrefix(prefix);
          const under = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys);
          return under.flatMap((key) => {
            const object = find(key);
            return object === undefined ? [] : [{ key, end: object.lockedUntil }];
          });
        },
        check: async () => [],
      },
    }),
  };
}

function alteredBy(versions: readonly Version[]): Altered | undefined {
  const [, ...above] = versions;
  const newest = above.at(-1);
  if (newest === undefined) return undefined;
  const deleteMarkers = above.filter((one) => one.content === undefined).length;
  return { versions: above.length - deleteMarkers, deleteMarkers, at: newest.modifiedAt };
}
