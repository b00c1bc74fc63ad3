import { SteadyError } from '../../../contracts/failures.js';
import { isLoopback } from '../../../contracts/stack/loopback.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { StoreCall } from '../port.js';
import { composeService, serverHandle, type RedisStoreOptions } from './context.js';
import { createDataFiles, type DataFiles } from './data-files.js';
import type { LiveSettings } from './live.js';

/** How a restore reaches the live server: by its files, or by replication from a Redis of our own. */
export type Way =
  | { readonly kind: 'files'; readonly files: DataFiles }
  | { readonly kind: 'replication'; readonly why: string };

/** Where file work on the data folder is done: a throwaway container with the service's volumes, or this host. */
export function dataPlace(options: RedisStoreOptions, call: StoreCall): (tool: Tool) => PlacedTool {
  const { service, runtime } = options;
  if (service && runtime.kind === 'compose') {
    return (tool) => runtime.placeBeside(tool, { service: composeService(service), marker: call.marker });
  }
  return (tool) => runtime.place(tool, { marker: call.marker });
}

/**
 * For one phase: file work beside the service goes to one container instead of one each, which would take half a second
 * for every `mv`, and most of them while the server is down.
 */
export async function withContainerBeside<T>(
  options: RedisStoreOptions,
  { marker, signal }: StoreCall,
  phase: (options: RedisStoreOptions) => Promise<T>,
): Promise<T> {
  const { service, runtime } = options;
  if (service === undefined || runtime.kind !== 'compose') return phase(options);
  const of = { service: composeService(service), volumes: true };
  const container = await runtime.openThrowaway({ of, marker, signal });
  try {
    return await phase({ ...options, runtime: { ...runtime, placeBeside: (tool) => container.place(tool) } });
  } finally {
    await container.close();
  }
}

export function filesAt(options: RedisStoreOptions, call: StoreCall, folder: string): DataFiles {
  return createDataFiles({ folder, place: dataPlace(options, call), signal: call.signal });
}

/** The data folder as the place of file work sees it; undefined when neither the file nor the server tells. */
export function dataFolder(
  options: RedisStoreOptions,
  settings: LiveSettings | undefined,
): string | undefined {
  return options.config.data ?? settings?.dir;
}

/** Decides the way: files need a folder that can be written and a server that we can stop and start. */
export async function chooseWay(
  options: RedisStoreOptions,
  call: StoreCall,
  settings: LiveSettings | undefined,
): Promise<Way> {
  if (!serverHandle(options))
    return { kind: 'replication', why: 'neither a service nor process commands are given' };
  const local = isLoopback(options.config.host ?? '127.0.0.1');
  if (!options.service && !local && options.config.data === undefined) {
    return { kind: 'replication', why: 'the server is on another host and no data folder is given' };
  }
  const folder = dataFolder(options, settings);
  if (folder === undefined)
    return { kind: 'replication', why: 'the server does not tell its data folder; name it as data' };
  const files = filesAt(options, call, folder);
  const why = await unreachable(files);
  return why === undefined ? { kind: 'files', files } : { kind: 'replication', why };
}

async function unreachable(files: DataFiles): Promise<string | undefined> {
  try {
    if ((await files.list()) === undefined) return `${files.folder} is not there for the worker`;
    const name = '.steady-probe';
    await files.makeFolder(name);
    await files.remove(name);
    return undefined;
  } catch (error) {
    if (!(error instanceof SteadyError) || error.code !== 'tool.failed') throw error;
    return `${files.folder} cannot be written: ${String(error.facts['says'])}`;
  }
}
