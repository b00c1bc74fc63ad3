import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import { spawnTool } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import { accountIn } from '../account-in.js';
import type { StoreCall } from '../port.js';
import type { StoreOptions } from './access.js';
import { inFolder } from './find-tools.js';
import { parseDf, SPARE } from './free-space.js';
import { serverFolder, type ScratchServer, type ScratchWanted } from './scratch-server.js';
import { serverArgv, untilReady } from './throwaway-server.js';

/** In the throwaway container; what is written there lies in its own layer on the engine's disk, and goes with it. */
const HOME = '/tmp/steady';
const PORT = 5432;

/** Besides PATH, where images keep the server's programs. */
const BINS = (major: number): string[] => [
  `/usr/lib/postgresql/${major}/bin`,
  `/usr/pgsql-${major}/bin`,
  '/usr/local/bin',
  '/opt/bitnami/postgresql/bin',
];

/**
 * A throwaway server in a container of the service's image, by the image's programs alone: no entrypoint, no network,
 * no volume of the service. It listens on a socket that only its own account sees, so it asks for no password. Fails with
 * `service.failed` when the service has no container, `tool.missing` when its image has no server of that major.
 */
export async function scratchInContainer(
  { config, runtime }: StoreOptions,
  call: StoreCall,
  { major, detail, settings, user: superuser }: ScratchWanted,
): Promise<ScratchServer> {
  const { marker, signal } = call;
  const container = await runtime.openThrowaway({ of: { service: config.service ?? '' }, marker, signal });
  try {
    const as =
      (user: string) =>
      (argv: [string, ...string[]]): PlacedTool =>
        container.place({ argv, env: { LC_ALL: 'C' } }, { user });
    const user = await accountIn(container, ['postgres', 'nobody'], signal);
    const place = as(user);
    const bins = [...(config.bin === undefined ? [] : [config.bin]), undefined, ...BINS(major)];
    const bin = await serverFolder(bins, major, place, signal);
    await runTool(place(['mkdir', '-m', '700', HOME]), { signal });
    await refuseWithoutRoom(place, detail.database.bytes * SPARE, signal);
    const init = ['-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    const initdb = place([inFolder(bin, 'initdb'), '-D', `${HOME}/data`, ...init]);
    await runTool(initdb, { signal, limitSeconds: 300 });
    const own = {
      listen_addresses: '',
      unix_socket_directories: HOME,
      // Containers have 64 MiB of /dev/shm: too little for parallel index builds.
      dynamic_shared_memory_type: 'mmap',
    };
    const argv = serverArgv(inFolder(bin, 'postgres'), {
      data: `${HOME}/data`,
      port: PORT,
      settings: { ...settings, ...own },
    });
    const server = await spawnTool(container.place({ argv, env: { LC_ALL: 'C' } }, { user, server: true }), {
      signal,
    });
    server.stdin.end();
    server.stdout.resume();
    const ready = place([inFolder(bin, 'pg_isready'), '-q', '-h', HOME, '-p', String(PORT)]);
    await untilReady(server, ready, signal);
    return {
      where: `in ${container.label}`,
      config: {
        service: config.service ?? '',
        host: HOME,
        port: PORT,
        ...(bin === undefined ? {} : { bin }),
      },
      runtime: { ...runtime, place: (tool) => container.place(tool, { user }) },
      async close() {
        await server.end(1);
        await container.close();
      },
    };
  } catch (error) {
    await container.close();
    throw error;
  }
}

async function refuseWithoutRoom(
  place: (argv: [string, ...string[]]) => PlacedTool,
  needed: number,
  signal: AbortSignal,
): Promise<void> {
  const free = parseDf((await runTool(place(['df', '-Pk', HOME]), { signal })).stdout);
  if (free !== undefined && free < needed)
    throw new SteadyError('store.no-room', { folder: `${HOME} in a throwaway container`, free, needed });
}
