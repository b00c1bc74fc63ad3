import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import type { StoreCall } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { createDataFiles } from './data-files.js';
import { dataPlace } from './way.js';
import { loadedFacts } from './loaded-facts.js';
import { workerPlace } from './live.js';
import { findCli, findServer } from './programs.js';
import { startThrowaway } from './throwaway.js';
import { readsRdb, type RedisVersion } from './versions.js';

export interface RdbFacts {
  readonly facts: ContentFacts;
  /** The server that loaded it. */
  readonly by: RedisVersion;
}

export interface RdbFactsOptions {
  readonly options: RedisStoreOptions;
  readonly call: StoreCall;
  /** The RDB, on the worker. */
  readonly file: string;
  readonly rdbVersion: number;
  readonly writer: RedisVersion;
  readonly databases: number;
  readonly modules: readonly string[];
  /** The live data folder: used when only the service's own image can read the RDB. */
  readonly folder: string | undefined;
}

/**
 * Facts of an RDB, from a Redis of our own that loads it: on the worker when a binary there can read it, else in a
 * throwaway container of the service, in a folder of its own beside the data, removed at the end.
 */
export async function rdbFacts(input: RdbFactsOptions): Promise<RdbFacts> {
  const { options, call, file, rdbVersion, writer, databases, modules } = input;
  const place = workerPlace(options, call);
  const server = await findServer(options.config.bin, place).catch(missingIsUndefined);
  const cli = await findCli(options.config.bin, place).catch(missingIsUndefined);
  if (server && cli && readsRdb(server.version, rdbVersion, writer)) {
    const folder = dirname(file);
    const socket = join(folder, 's');
    const common = { signal: call.signal, databases, modules, server, cli: cli.path };
    const throwaway = await startThrowaway({ ...common, place, folder, file: basename(file), socket });
    try {
      return { facts: await loadedFacts(throwaway, call.signal), by: server.version };
    } finally {
      await throwaway.close();
    }
  }
  if (options.service && options.runtime.kind === 'compose' && input.folder !== undefined)
    return factsBesideService(input);
  if (!server)
    throw new SteadyError('tool.missing', {
      tool: 'redis-server',
      wanted: `${writer.product} ${writer.version}`,
    });
  throw new SteadyError('store.tool-too-old', {
    tool: `redis-server ${server.version.version}`,
    wanted: `${writer.product} ${writer.version}`,
  });
}

async function factsBesideService(input: RdbFactsOptions): Promise<RdbFacts> {
  const { options, call, file, databases, modules } = input;
  const place = dataPlace(options, call);
  const files = createDataFiles({ folder: input.folder ?? '/data', place, signal: call.signal });
  const name = '.steady-check';
  await files.remove(name);
  await files.makeFolder(name);
  try {
    const writer = await spawnTool(files.writer(`${name}/dump.rdb`), { signal: call.signal });
    writer.stdout.resume();
    await pipeline(createReadStream(file), writer.stdin).catch(() => undefined);
    const exit = await writer.exited;
    if (exit.code !== 0) throw toolFailure(writer, exit);
    const server = await findServer(undefined, place);
    const cli = await findCli(undefined, place);
    const where = { place, folder: files.path(name), file: 'dump.rdb', socket: files.path(name, 's') };
    const throwaway = await startThrowaway({
      signal: call.signal,
      databases,
      modules,
      server,
      cli: cli.path,
      ...where,
    });
    try {
      return { facts: await loadedFacts(throwaway, call.signal), by: server.version };
    } finally {
      await throwaway.close();
    }
  } finally {
    await files.remove(name);
  }
}

function missingIsUndefined(error: unknown): undefined {
  if (error instanceof SteadyError && error.code === 'tool.missing') return undefined;
  throw error;
}
