import { isAbsolute, resolve } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { VolumeStoreConfig } from '../../../contracts/stack/stores.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { RuntimePort } from '../../runtimes/port.js';
import type { StoreCall } from '../port.js';

/** What a store of files is made from. */
export interface FilesStoreOptions {
  /** Name of the store in the stack file. */
  readonly name: string;
  readonly config: VolumeStoreConfig;
  readonly runtime: RuntimePort;
  /** Folder of the stack file, for a relative path. */
  readonly baseFolder?: string | undefined;
}

/** A folder and where tools see it: on this host, or a volume mounted in a throwaway container. */
export interface Root {
  readonly folder: string;
  /** For messages. */
  readonly label: string;
  readonly volume: boolean;
  place(tool: Tool): PlacedTool;
}

/** Where placeOnVolume mounts a volume. */
const MOUNTED = '/volume';

/** The store's own data. Throws `config.invalid` unless exactly one of path and volume is given. */
export function liveRoot(options: FilesStoreOptions, call: StoreCall): Root {
  const { path, volume } = options.config;
  if ((path === undefined) === (volume === undefined)) {
    throw new SteadyError('config.invalid', {
      store: options.name,
      error: 'must name exactly one of path and volume',
    });
  }
  if (volume !== undefined) return volumeRoot(options, call, volume);
  return folderRoot(
    options,
    call,
    isAbsolute(path ?? '') ? (path ?? '') : resolve(options.baseFolder ?? '.', path ?? ''),
  );
}

export function folderRoot({ runtime }: FilesStoreOptions, call: StoreCall, folder: string): Root {
  return {
    folder,
    label: folder,
    volume: false,
    // Not in the stack file's folder: were that the one that is swapped, no tool could start to put it back.
    place: (tool) => ({ ...runtime.place(tool, { marker: call.marker }), cwd: '/' }),
  };
}

export function volumeRoot({ runtime }: FilesStoreOptions, call: StoreCall, volume: string): Root {
  const place = (tool: Tool): PlacedTool => runtime.placeOnVolume(tool, { volume, marker: call.marker });
  return { folder: MOUNTED, label: `volume ${volume}`, volume: true, place };
}

/**
 * For one phase: work on the volume goes to one container instead of one each, which would take half a second for every
 * `stat`.
 */
export async function withVolumeContainer<T>(
  options: FilesStoreOptions,
  { marker, signal }: StoreCall,
  phase: (options: FilesStoreOptions) => Promise<T>,
): Promise<T> {
  const { runtime, config } = options;
  const { volume } = config;
  if (volume === undefined || runtime.kind !== 'compose') return phase(options);
  const container = await runtime.openThrowaway({ of: { volume }, marker, signal });
  const placeOnVolume: RuntimePort['placeOnVolume'] = (tool, place) =>
    place.volume === volume ? container.place(tool) : runtime.placeOnVolume(tool, place);
  try {
    return await phase({ ...options, runtime: { ...runtime, placeOnVolume } });
  } finally {
    await container.close();
  }
}

/** Another folder, or for a volume another volume. Throws `usage.invalid`. */
export function intoRoot(options: FilesStoreOptions, call: StoreCall, into: string | undefined): Root {
  if (into !== undefined && isAbsolute(into)) return folderRoot(options, call, into);
  if (into !== undefined && options.config.volume !== undefined && /^[\w.-]+$/.test(into))
    return volumeRoot(options, call, into);
  const allowed = 'an absolute path of a new folder, or for a volume the name of an empty one';
  throw new SteadyError('usage.invalid', { into, allowed });
}
