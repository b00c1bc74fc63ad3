import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import type { StoreCall } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { loadedFacts } from './loaded-facts.js';
import { openOwnPlace, type OwnPlace } from './own-place.js';
import { startThrowaway } from './throwaway.js';
import type { RedisVersion } from './versions.js';

/** Name of the RDB in the folder of a Redis of our own. */
export const RDB = 'dump.rdb';

export interface RdbFacts {
  readonly facts: ContentFacts;
  /** The server that loaded it. */
  readonly by: RedisVersion;
}

export interface RdbFactsOptions {
  readonly options: RedisStoreOptions;
  readonly call: StoreCall;
  /** The RDB, in a private folder on the worker. */
  readonly file: string;
  readonly rdbVersion: number;
  readonly writer: RedisVersion;
  readonly databases: number;
  readonly modules: readonly string[];
}

/**
 * Facts of an RDB, from a Redis of our own that loads it: in a throwaway container of the service's image, else on the
 * worker. Throws `store.tool-too-old` when none can read it.
 */
export async function rdbFacts(input: RdbFactsOptions): Promise<RdbFacts> {
  const { options, call, file, rdbVersion, writer, databases, modules } = input;
  const own = await openOwnPlace(options, call, { folder: dirname(file), rdbVersion, writer });
  try {
    if (own.container) await bring(own, file, call.signal);
    const throwaway = await startThrowaway({
      ...{ signal: call.signal, databases, modules, folder: own.folder, socket: own.socket },
      ...{ place: own.place, serve: own.serve, server: own.server, cli: own.cli },
      file: own.container ? RDB : basename(file),
    });
    try {
      return { facts: await loadedFacts(throwaway, call.signal), by: own.server.version };
    } finally {
      await throwaway.close();
    }
  } finally {
    await own.close();
  }
}

/** Copies an RDB of the worker into a container; gives its path there. */
export async function bring(own: OwnPlace, file: string, signal: AbortSignal): Promise<string> {
  const copy = `${own.folder}/${RDB}`;
  const writer = await spawnTool(own.place({ argv: ['dd', `of=${copy}`, 'bs=1M'], env: { LC_ALL: 'C' } }), {
    signal,
  });
  writer.stdout.resume();
  await pipeline(createReadStream(file), writer.stdin).catch(() => undefined);
  const exit = await writer.exited;
  if (exit.code !== 0) throw toolFailure(writer, exit);
  return copy;
}
