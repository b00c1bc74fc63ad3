import { SteadyError } from '../../../contracts/failures.js';
import { postgresStoreSchema } from '../../../contracts/stack/stores.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { Scratch, StoreCall, StorePort } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { readDetail, type Detail } from './detail.js';
import { refuseMissingExtensions } from './extensions.js';
import { scratchInContainer } from './scratch-in-container.js';
import { scratchOnLiveServer } from './scratch-on-live-server.js';
import { scratchOnWorker } from './scratch-on-worker.js';
import type { ScratchServer, ScratchWanted } from './scratch-server.js';
import { withSession } from './session.js';

export interface ScratchOptions {
  readonly manifest: Manifest;
  /** Folder of this proof; what is made in it goes with `close`. */
  readonly folder: string;
  /** Makes the store of the throwaway server. */
  readonly create: (options: StoreOptions) => StorePort;
}

/**
 * An empty throwaway server of the backup's major: in a container of the service's image where there is one, else from
 * the programs of this machine; where the store says so, a database of its own on the live server instead. Its store's `load` takes `into`, and its `compare` also runs pg_amcheck. Fails with
 * `tool.missing` when the server's programs or an extension of the backup are not there. Begins by ending what an
 * earlier attempt left.
 */
export async function openScratch(
  options: StoreOptions,
  call: StoreCall,
  scratch: ScratchOptions,
): Promise<Scratch> {
  if (options.config.proof === 'live-server') return scratchOnLiveServer(options, call, scratch);
  const detail = readDetail(scratch.manifest);
  const { major } = scratch.manifest.server;
  const wanted = { major, detail, folder: scratch.folder, user: 'postgres', database: 'restored' };
  const { own, access, server } = await openThrowaway(options, call, wanted);
  const store = scratch.create(own);
  const where = `throwaway server: PostgreSQL ${access.server.version} ${server.where}`;
  const compare: StorePort['compare'] = async (...args) => [where, ...(await store.compare(...args))];
  return { store: { ...store, compare }, close: () => server.close() };
}

export interface ThrowawayWanted extends Omit<ScratchWanted, 'settings'> {
  /** Of its store. */
  readonly database: string;
}

/** A store on the throwaway server. */
export interface Throwaway {
  readonly own: StoreOptions;
  readonly access: Access;
  readonly server: ScratchServer;
}

/** Starts it, empty, and looks whether it has the extensions that are wanted. */
export async function openThrowaway(
  options: StoreOptions,
  call: StoreCall,
  wanted: ThrowawayWanted,
): Promise<Throwaway> {
  const { detail, user, database } = wanted;
  await options.runtime.endMarked({ marker: call.markerPrefix });
  const server = await startServer(options, call, wanted);
  const { jobs, digests, checks } = options.config;
  const config = postgresStoreSchema.parse({ ...server.config, user, database });
  const own: StoreOptions = {
    name: `${options.name} (throwaway)`,
    ...(server.password && { password: server.password }),
    config: { ...config, jobs, digests, checks },
    // The server itself carries the marker: looking for left-overs would end it.
    runtime: { ...server.runtime, endMarked: () => Promise.resolve() },
    tuning: { ...options.tuning, amcheck: true },
  };
  try {
    const access = await openAccess(own, call, config.maintenanceDatabase);
    await withSession(access.session(config.maintenanceDatabase), (session) =>
      refuseMissingExtensions(session, detail, 'for the throwaway server'),
    );
    return { own, access, server };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function startServer(
  options: StoreOptions,
  call: StoreCall,
  given: Omit<ScratchWanted, 'settings'>,
): Promise<ScratchServer> {
  const wanted = { ...given, settings: preload(given.detail) };
  let why: string | undefined;
  if (options.config.service !== undefined && options.runtime.kind === 'compose') {
    try {
      return await scratchInContainer(options, call, wanted);
    } catch (error) {
      // No container to take the image from, or an image of another major: this machine may have the programs.
      if (!(error instanceof SteadyError) || !['tool.missing', 'service.failed'].includes(error.code))
        throw error;
      why = error.message;
      call.say(`no throwaway container: ${why}`);
    }
  }
  try {
    return await scratchOnWorker(options, call, wanted);
  } catch (error) {
    if (why === undefined || !(error instanceof SteadyError) || error.code !== 'tool.missing') throw error;
    throw new SteadyError('tool.missing', { ...error.facts, container: why }, { cause: error });
  }
}

/** Libraries that extensions of the backup need from the start; others of the original server are not loaded. */
function preload(detail: Detail): Record<string, string> {
  const names = new Set(detail.extensions.map((extension) => extension.name));
  const libraries = detail.preload.filter((library) => names.has(library));
  return libraries.length === 0 ? {} : { shared_preload_libraries: libraries.join(',') };
}
