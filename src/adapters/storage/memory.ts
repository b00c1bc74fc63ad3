import { createHash, randomUUID } from 'node:crypto';
import { SteadyError } from '../../contracts/failures.js';
import { giveStream } from './give-stream.js';
import { compareKeys, requireLegalKey, requireLegalPrefix } from './key-rules.js';
import type { StoragePort, UnfinishedUpload } from './port.js';
import { shellQuote } from './shell-quote.js';
import { stopFor, takeBody } from './take-body.js';

/** Storage in this process's memory, for tests. It passes the same suite as the vendors. */
export function createMemoryStorage(): StoragePort {
  const objects = new Map<string, { readonly content: Buffer; readonly modifiedAt: Date }>();
  const begun = new Map<string, UnfinishedUpload>();
  const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  const storeNew = (key: string, content: Buffer): boolean => {
    if (objects.has(key)) return false;
    objects.set(key, { content, modifiedAt: new Date() });
    return true;
  };
  const find = (key: string) => {
    requireLegalKey(key);
    return objects.get(key);
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
        const object = objects.get(key);
        if (object) yield { key, bytes: object.content.length, modifiedAt: object.modifiedAt };
      }
    },

    async delete(key) {
      requireLegalKey(key);
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
  };
}
