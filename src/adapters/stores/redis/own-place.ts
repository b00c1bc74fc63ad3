import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import { accountIn } from '../account-in.js';
import type { StoreCall } from '../port.js';
import { composeService, type RedisStoreOptions } from './context.js';
import { workerPlace } from './live.js';
import { findCli, findServer } from './programs.js';
import { shortSocket } from './short-socket.js';
import { readsRdb, type RedisVersion } from './versions.js';

/** Where a Redis of our own can be started: a throwaway container of the service's image, or this machine. */
export interface OwnPlace {
  /** For the proof: `in a container of redis:8`, `on the worker`. */
  readonly where: string;
  readonly container: boolean;
  readonly server: { readonly path: string; readonly version: RedisVersion };
  readonly cli: string;
  /** A private folder there. */
  readonly folder: string;
  /** Where its socket may be. */
  readonly socket: string;
  place(tool: Tool): PlacedTool;
  /** For the server itself: see `Throwaway.place`. */
  serve(tool: Tool): PlacedTool;
  close(): Promise<void>;
}

export interface OwnPlaceOptions {
  /** Private folder on the worker, used when it is this machine. */
  readonly folder: string;
  readonly rdbVersion: number;
  /** What wrote the RDB. */
  readonly writer: RedisVersion;
  /** Whether the live server must reach it on 127.0.0.1: a container then shares the service's network. */
  readonly network?: boolean;
}

/** In the throwaway container; what is written there lies in its own layer on the engine's disk, and goes with it. */
const HOME = '/tmp/steady';

/**
 * Opens a place whose Redis reads this RDB: a container of the service's image where there is one, else this machine.
 * Fails with `store.tool-too-old` or `tool.missing` when there is none.
 */
export async function openOwnPlace(
  options: RedisStoreOptions,
  call: StoreCall,
  wanted: OwnPlaceOptions,
): Promise<OwnPlace> {
  let why: string | undefined;
  if (options.service !== undefined && options.runtime.kind === 'compose') {
    try {
      return await inContainer(options, call, composeService(options.service), wanted);
    } catch (error) {
      // No container to take the image from, or an image that was exchanged: this machine may have the programs.
      if (!(error instanceof SteadyError) || !FALLBACK.includes(error.code)) throw error;
      why = error.message;
      call.say(`no throwaway container: ${why}`);
    }
  }
  try {
    const place = workerPlace(options, call);
    // With a service `bin` is a folder in its container.
    const bin = options.service === undefined ? options.config.bin : undefined;
    const programs = await programsIn(bin, place, wanted);
    const socket = await shortSocket(wanted.folder, call);
    return {
      where: 'on the worker',
      container: false,
      folder: wanted.folder,
      socket: socket.path,
      place,
      serve: place,
      close: () => socket.remove(),
      ...programs,
    };
  } catch (error) {
    if (why === undefined || !(error instanceof SteadyError) || !FALLBACK.includes(error.code)) throw error;
    throw new SteadyError(error.code, { ...error.facts, container: why }, { cause: error });
  }
}

const FALLBACK = ['service.failed', 'tool.missing', 'store.tool-too-old'];

async function inContainer(
  { config, runtime }: RedisStoreOptions,
  { marker, signal }: StoreCall,
  service: string,
  wanted: OwnPlaceOptions,
): Promise<OwnPlace> {
  const container = await runtime.openThrowaway({ of: { service, network: wanted.network }, marker, signal });
  try {
    const user = await accountIn(container, ['redis', 'valkey', 'nobody'], signal);
    const place = (tool: Tool): PlacedTool => container.place(tool, { user });
    const programs = await programsIn(config.bin, place, wanted);
    await runTool(place({ argv: ['mkdir', '-m', '700', HOME] }), { signal });
    return {
      where: `in ${container.label}`,
      container: true,
      folder: HOME,
      socket: `${HOME}/s`,
      place,
      serve: (tool) => container.place(tool, { user, server: true }),
      close: () => container.close(),
      ...programs,
    };
  } catch (error) {
    await container.close();
    throw error;
  }
}

async function programsIn(
  bin: string | undefined,
  place: (tool: Tool) => PlacedTool,
  { rdbVersion, writer }: OwnPlaceOptions,
): Promise<Pick<OwnPlace, 'server' | 'cli'>> {
  const server = await findServer(bin, place, writer.product);
  const cli = await findCli(bin, place, writer.product);
  if (!readsRdb(server.version, rdbVersion, writer))
    throw new SteadyError('store.tool-too-old', {
      tool: `${server.version.product} ${server.version.version}`,
      wanted: `${writer.product} ${writer.version}`,
    });
  return { server, cli: cli.path };
}
