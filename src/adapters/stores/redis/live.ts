import { SteadyError } from '../../../contracts/failures.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { StoreCall } from '../port.js';
import { cliTool, createAsk, type Ask, type RedisAddress } from './cli.js';
import { composeService, type RedisStoreOptions } from './context.js';
import { configOf } from './info.js';
import { findCli, type Program } from './programs.js';
import { tlsServer } from './tls.js';
import { serverOf, type ServerInfo } from './versions.js';

/** The live server as one call of the adapter sees it. */
export interface Live {
  readonly ask: Ask;
  readonly cli: Program;
  readonly address: RedisAddress;
  /** Asks as somebody who knows no password. */
  readonly askUnknown: Ask;
  /** redis-cli with these arguments, connected to the live server. */
  tool(args: readonly string[]): PlacedTool;
}

/** Settings of the live server that a restore needs; the rest is in `all`. */
export interface LiveSettings {
  readonly dir: string;
  readonly dbfilename: string;
  readonly appendonly: boolean;
  /** Undefined before Redis 7, which keeps one append-only file in the data folder itself. */
  readonly appenddirname: string | undefined;
  readonly appendfilename: string;
  readonly databases: number;
  /** Save points; empty means that only a command writes the RDB. */
  readonly save: string;
  readonly all: ReadonlyMap<string, string>;
}

/** Where the live server's own tools run: inside its container, or on this host. */
export function servicePlace(options: RedisStoreOptions, call: StoreCall): (tool: Tool) => PlacedTool {
  const service = options.service && composeService(options.service);
  return (tool) => options.runtime.place(tool, { service, marker: call.marker });
}

export function workerPlace(options: RedisStoreOptions, call: StoreCall): (tool: Tool) => PlacedTool {
  return (tool) => options.runtime.place(tool, { marker: call.marker });
}

/** Finds redis-cli where the server is. Does not connect. */
export async function openLive(options: RedisStoreOptions, call: StoreCall): Promise<Live> {
  const place = servicePlace(options, call);
  const { config } = options;
  const cli = await findCli(config.bin, place).catch(async (error: unknown) => {
    throw (await notRunning(options, call)) ?? error;
  });
  const address: RedisAddress = {
    host: config.host ?? (options.service ? undefined : '127.0.0.1'),
    port: config.port,
    user: config.user,
    password: options.password,
    ...(await tlsWay(options)),
  };
  return {
    ask: createAsk(cli.path, address, place),
    askUnknown: createAsk(cli.path, { ...address, user: undefined, password: undefined }, place),
    cli,
    address,
    tool: (args) => place(cliTool(cli.path, address, args)),
  };
}

/** Inside its container redis-cli speaks TLS by itself: nobody is between. From here it goes by a tunnel of ours. */
async function tlsWay({
  config: { tls, host = '127.0.0.1', port },
  service,
  tunnels,
}: RedisStoreOptions): Promise<Pick<RedisAddress, 'tls' | 'tunnel'>> {
  if (tls === undefined) return {};
  if (service !== undefined) return { tls };
  if (tunnels === undefined) throw new SteadyError('internal', { error: 'TLS outside of a phase' });
  return { tunnel: await tunnels.to(tlsServer({ host, port }, tls)) };
}

/** Nothing can be found in a container that does not run: that is what is told then. */
async function notRunning(
  { service, runtime }: RedisStoreOptions,
  { signal }: StoreCall,
): Promise<SteadyError | undefined> {
  if (service === undefined || runtime.kind !== 'compose') return undefined;
  const { status } = await runtime.state(service, { signal });
  if (status === 'running') return undefined;
  const says = status === 'missing' ? 'it has no container' : 'its container is not running';
  return new SteadyError('store.unreachable', { service: composeService(service), says });
}

export async function liveServer(ask: Ask, signal: AbortSignal): Promise<ServerInfo & { info: string }> {
  const info = await ask(['INFO'], { signal });
  return { ...serverOf(info), info };
}

/** Undefined when the server does not let this user read its settings, as managed ones do. */
export async function liveSettings(ask: Ask, signal: AbortSignal): Promise<LiveSettings | undefined> {
  const text = await refusedIsUndefined(() => ask(['CONFIG', 'GET', '*'], { signal }));
  if (text === undefined) return undefined;
  const all = configOf(text);
  const dir = all.get('dir');
  if (dir === undefined) return undefined;
  return {
    dir,
    dbfilename: all.get('dbfilename') ?? 'dump.rdb',
    appendonly: all.get('appendonly') === 'yes',
    appenddirname: all.get('appenddirname'),
    appendfilename: all.get('appendfilename') ?? 'appendonly.aof',
    databases: Number(all.get('databases') ?? 16),
    save: all.get('save') ?? '',
    all,
  };
}

/** Runs a command that a server or an ACL may forbid: a refusal gives undefined, everything else fails. */
export async function refusedIsUndefined<T>(command: () => Promise<T>): Promise<T | undefined> {
  try {
    return await command();
  } catch (error) {
    if (
      error instanceof SteadyError &&
      /NOPERM|unknown (sub)?command|disabled/i.test(String(error.facts['says']))
    )
      return undefined;
    throw error;
  }
}

export interface LiveModule {
  readonly name: string;
  /** Path and arguments for --loadmodule; undefined for one built in. */
  readonly load: string | undefined;
}

/** Modules by name; from 7.0 on the server also tells where each was loaded from. */
export async function liveModules(ask: Ask, signal: AbortSignal): Promise<LiveModule[] | undefined> {
  const text = await refusedIsUndefined(() => ask(['MODULE', 'LIST'], { signal }));
  return text === undefined ? undefined : modulesOf(text);
}

/** A `MODULE LIST` answer as redis-cli prints it in a pipe: lines name, NAME, ver, VERSION, path, PATH, args, ARG…. */
export function modulesOf(text: string): LiveModule[] {
  const modules: LiveModule[] = [];
  for (const part of text.split(/^(?=name$)/m)) {
    const lines = part.split('\n');
    if (lines[0] !== 'name' || lines[1] === undefined) continue;
    const path = lines[lines.indexOf('path') + 1];
    const args = lines.slice(lines.indexOf('args') + 1).filter((line) => line !== '');
    const load = lines.includes('path') && path?.startsWith('/') ? [path, ...args].join(' ') : undefined;
    modules.push({ name: lines[1], load });
  }
  return modules;
}

export type PingState = 'up' | 'loading' | 'down';

/** Whether it answers; `store.denied` is thrown, for a refused password will not mend itself. */
export async function ping(ask: Ask, signal: AbortSignal): Promise<PingState> {
  try {
    await ask(['PING'], { signal, limitSeconds: 10 });
    return 'up';
  } catch (error) {
    if (
      !(error instanceof SteadyError) ||
      (error.code !== 'store.unreachable' && error.code !== 'tool.failed')
    )
      throw error;
    return /LOADING/.test(String(error.facts['says'])) ? 'loading' : 'down';
  }
}
