import { randomBytes } from 'node:crypto';
import { SteadyError } from '../../../contracts/failures.js';
import { Secret } from '../../../contracts/secret.js';
import { postgresStoreSchema } from '../../../contracts/stack/stores.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { Scratch, StoreCall, StorePort } from '../port.js';
import { openAccess, type StoreOptions } from './access.js';
import { readDetail, type Detail } from './detail.js';
import { packagedFolders } from './find-tools.js';
import { SPARE } from './free-space.js';
import { scratchHome } from './scratch-folder.js';
import { serverAccount } from './server-account.js';
import { withSession } from './session.js';
import { startThrowawayServer } from './throwaway-server.js';
import { toolVersion } from './versions.js';

export interface ScratchOptions {
  readonly manifest: Manifest;
  /** Folder of this proof; what is made in it goes with `close`. */
  readonly folder: string;
  /** Makes the store of the throwaway server. */
  readonly create: (options: StoreOptions) => StorePort;
}

/**
 * An empty throwaway server of the backup's major on this machine. Its store's `load` takes `into`, and its `compare`
 * also runs pg_amcheck. Fails with `tool.missing` when the server's programs or an extension of the backup are not
 * installed here.
 */
export async function openScratch(
  options: StoreOptions,
  call: StoreCall,
  scratch: ScratchOptions,
): Promise<Scratch> {
  const detail = readDetail(scratch.manifest);
  await options.runtime.endMarked({ marker: call.markerPrefix });
  const place = (argv: [string, ...string[]]): PlacedTool =>
    options.runtime.place({ argv, env: { LC_ALL: 'C' } }, { marker: call.marker });
  const bin = await serverFolder(options, call, place, scratch.manifest.server.major);
  const password = new Secret(randomBytes(24).toString('base64url'));
  const account = await serverAccount(call.signal);
  const server = await startThrowawayServer({
    bin,
    password,
    place,
    account,
    home: await scratchHome(scratch.folder, account, detail.database.bytes * SPARE),
    settings: preload(detail),
    signal: call.signal,
  });
  const { jobs, digests, checks } = options.config;
  const config = postgresStoreSchema.parse({
    host: '127.0.0.1',
    port: server.port,
    user: 'postgres',
    bin,
    database: 'restored',
  });
  const own: StoreOptions = {
    name: `${options.name} (throwaway)`,
    password,
    config: { ...config, jobs, digests, checks },
    // The server itself carries the marker: looking for left-overs would end it.
    runtime: { ...options.runtime, endMarked: () => Promise.resolve() },
    tuning: { ...options.tuning, amcheck: true },
  };
  try {
    await refuseMissingExtensions(own, call, detail);
    return { store: scratch.create(own), close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Folder with the server programs of this major: the one configured for this host, else a package's. */
async function serverFolder(
  { config }: StoreOptions,
  call: StoreCall,
  place: (argv: [string, ...string[]]) => PlacedTool,
  major: number,
): Promise<string> {
  const packaged = packagedFolders().filter((folder) => folder.major === major);
  const given = config.service === undefined && config.bin !== undefined ? [config.bin] : [];
  for (const bin of [...given, ...packaged.map((folder) => folder.bin)]) {
    const answer = await runTool(place([`${bin}/postgres`, '--version']), { signal: call.signal }).catch(
      () => undefined,
    );
    if (answer && toolVersion(answer.stdout)?.major === major) return bin;
  }
  throw new SteadyError('tool.missing', { tool: `PostgreSQL ${major} server (initdb, postgres)` });
}

/** Libraries that extensions of the backup need from the start; others of the original server are not loaded. */
function preload(detail: Detail): Record<string, string> {
  const names = new Set(detail.extensions.map((extension) => extension.name));
  const libraries = detail.preload.filter((library) => names.has(library));
  return libraries.length === 0 ? {} : { shared_preload_libraries: libraries.join(',') };
}

async function refuseMissingExtensions(own: StoreOptions, call: StoreCall, detail: Detail): Promise<void> {
  const access = await openAccess(own, call, 'postgres');
  const available = await withSession(access.session('postgres'), (session) =>
    session.json<string[]>('SELECT jsonb_agg(name) FROM pg_available_extensions'),
  );
  const missing = detail.extensions
    .map((extension) => extension.name)
    .filter((name) => !available.includes(name));
  if (missing.length === 0) return;
  throw new SteadyError('tool.missing', {
    tool: `extension ${missing.join(', ')}`,
    wanted: 'for the throwaway server',
  });
}
