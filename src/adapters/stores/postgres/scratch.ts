import { SteadyError } from '../../../contracts/failures.js';
import { postgresStoreSchema } from '../../../contracts/stack/stores.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { Scratch, StoreCall, StorePort } from '../port.js';
import { openAccess, type StoreOptions } from './access.js';
import { readDetail, type Detail } from './detail.js';
import { refuseMissingExtensions } from './extensions.js';
import { scratchInContainer } from './scratch-in-container.js';
import { scratchOnLiveServer } from './scratch-on-live-server.js';
import { scratchOnWorker } from './scratch-on-worker.js';
import type { ScratchServer } from './scratch-server.js';
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
  await options.runtime.endMarked({ marker: call.markerPrefix });
  const { major } = scratch.manifest.server;
  const server = await startServer(options, call, { major, detail, folder: scratch.folder });
  const { jobs, digests, checks } = options.config;
  const config = postgresStoreSchema.parse({ ...server.config, user: 'postgres', database: 'restored' });
  const own: StoreOptions = {
    name: `${options.name} (throwaway)`,
    ...(server.password && { password: server.password }),
    config: { ...config, jobs, digests, checks },
    // The server itself carries the marker: looking for left-overs would end it.
    runtime: { ...server.runtime, endMarked: () => Promise.resolve() },
    tuning: { ...options.tuning, amcheck: true },
  };
  try {
    const access = await openAccess(own, call, 'postgres');
    await withSession(access.session('postgres'), (session) =>
      refuseMissingExtensions(session, detail, 'for the throwaway server'),
    );
    const store = scratch.create(own);
    const where = `throwaway server: PostgreSQL ${access.server.version} ${server.where}`;
    const compare: StorePort['compare'] = async (...args) => [where, ...(await store.compare(...args))];
    return { store: { ...store, compare }, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function startServer(
  options: StoreOptions,
  call: StoreCall,
  wanted: { readonly major: number; readonly detail: Detail; readonly folder: string },
): Promise<ScratchServer> {
  const settings = preload(wanted.detail);
  let why: string | undefined;
  if (options.config.service !== undefined && options.runtime.kind === 'compose') {
    try {
      return await scratchInContainer(options, call, { ...wanted, settings });
    } catch (error) {
      // No container to take the image from, or an image of another major: this machine may have the programs.
      if (!(error instanceof SteadyError) || !['tool.missing', 'service.failed'].includes(error.code))
        throw error;
      why = error.message;
      call.say(`no throwaway container: ${why}`);
    }
  }
  try {
    return await scratchOnWorker(options, call, { ...wanted, settings });
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
