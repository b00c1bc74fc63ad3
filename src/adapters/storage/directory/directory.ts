import { open, readFile, stat, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { giveStream } from '../give-stream.js';
import { requireLegalKey, requireLegalPrefix } from '../key-rules.js';
import type { StoragePort } from '../port.js';
import { shellQuote } from '../shell-quote.js';
import { removeEmpty, requireRoot, syncFolder, type Place } from './durable-folders.js';
import { errorCode, fileFailure, withFiles } from './file-failure.js';
import { removeUpload, unfinishedUploads } from './incoming.js';
import { putFile } from './put-file.js';
import { walk } from './walk.js';

/** No object is there: no such name, or a folder where the key would be or in its way. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'EISDIR'];

/**
 * Storage in a folder, best on another disk than the data. The root must exist and is never made (an unmounted disk
 * must be noticed); the stack's folder under it is. The file system needs hard links: link(2) is how a name is taken
 * once only.
 */
export function createDirectoryStorage(options: {
  readonly root: string;
  readonly stack: string;
}): StoragePort {
  if (!isAbsolute(options.root)) throw new TypeError(`the root must be absolute: ${options.root}`);
  const root = resolve(options.root);
  const place: Place = { root, base: join(root, options.stack) };
  const facts = (key: string) => ({ storage: place.base, key });
  const pathOf = (key: string): string => {
    requireLegalKey(key);
    return join(place.base, key);
  };
  /** Runs an operation; what is not there is undefined, unless it is the root that is not there. */
  const ifThere = async <T>(key: string, operation: (path: string) => Promise<T>): Promise<T | undefined> => {
    const path = pathOf(key);
    return withFiles(facts(key), async () => {
      try {
        return await operation(path);
      } catch (error) {
        if (!NOT_THERE.includes(errorCode(error) ?? '')) throw error;
        await requireRoot(place);
        return undefined;
      }
    });
  };
  async function* named<T>(prefix: string, items: AsyncIterable<T>): AsyncGenerator<T> {
    requireLegalPrefix(prefix);
    try {
      yield* items;
    } catch (error) {
      throw fileFailure(error, { storage: place.base, prefix });
    }
  }

  return {
    location: place.base,
    shellCat: (key) => `cat ${shellQuote(pathOf(key))}`,

    async put(key, body, putOptions) {
      requireLegalKey(key);
      return putFile(place, key, body, putOptions);
    },

    async create(key, content) {
      requireLegalKey(key);
      try {
        await putFile(place, key, one(Buffer.from(content)));
        return 'created';
      } catch (error) {
        if (error instanceof SteadyError && error.code === 'storage.exists') return 'exists';
        throw error;
      }
    },

    async get(key, getOptions = {}) {
      const file = await ifThere(key, openFile);
      if (!file) throw new SteadyError('storage.missing', facts(key));
      const source = async function* (): AsyncGenerator<Buffer> {
        try {
          for await (const chunk of file.createReadStream({ highWaterMark: 256 * 1024 }))
            yield chunk as Buffer;
        } catch (error) {
          throw fileFailure(error, facts(key));
        }
      };
      const stream = giveStream(source, { key, signal: getOptions.signal });
      // A generator that was never begun runs no clean-up of its own; closing twice is harmless.
      return stream.once('close', () => void file.close().catch(() => undefined));
    },

    read: (key) => ifThere(key, (path) => readFile(path)),

    head: (key) =>
      ifThere(key, async (path) => {
        const found = await stat(path);
        return found.isFile() ? { bytes: found.size } : undefined;
      }),

    list: (prefix) => named(prefix, walk(place, prefix)),

    async delete(key) {
      await ifThere(key, async (path) => {
        await unlink(path);
        await syncFolder(dirname(path));
        await removeEmpty(place, dirname(path));
      });
    },

    unfinished: (prefix) => named(prefix, unfinishedUploads(place, prefix)),

    abortUnfinished: (upload) => withFiles(facts(upload.key), () => removeUpload(place, upload.id)),

    free: () =>
      withFiles({ storage: place.base }, async () => {
        await requireRoot(place);
        const system = await statfs(place.root);
        return system.bavail * system.bsize;
      }),
  };
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, 'r');
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

async function* one(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
