import { SteadyError } from '../../../contracts/failures.js';
import type { PostgresStoreConfig } from '../../../contracts/stack/stores.js';
import type { Secret } from '../../../contracts/secret.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { RuntimePort } from '../../runtimes/port.js';
import type { StoreCall } from '../port.js';
import { connectTls } from '../tls/connect.js';
import { connectionEnvironment, sessionSettings } from './connection.js';
import { dumpTools, inFolder, packagedFolders, type ToolFolder } from './find-tools.js';
import { openSession, SESSION_ARGS, type Session } from './session.js';
import { connectFailure } from './sql-failure.js';
import { tlsServer } from './tls.js';
import { serverVersion, type ServerVersion } from './versions.js';

/** What the store is made of. */
export interface StoreOptions {
  readonly name: string;
  readonly config: PostgresStoreConfig;
  readonly runtime: RuntimePort;
  readonly password?: Secret | undefined;
  /** The account may read only: it is not asked what a restore needs. */
  readonly reading?: boolean | undefined;
  readonly tuning?: Partial<Tuning> | undefined;
  /** What is loaded is a proof's copy on the live server: it brings neither roles nor settings of the database. */
  readonly proof?: boolean | undefined;
}

/** Sizes in bytes (docs/stores.md, "What a backup holds"); tests set smaller ones. */
export interface Tuning {
  /** Tables larger than this go in streams of their own. */
  readonly bigTable: number;
  /** Size of a ctid range; a table has 64 at most, so those of a very large one are longer. */
  readonly range: number;
  /** Whether a proof's copy is checked by pg_amcheck. */
  readonly amcheck: boolean;
}

/** The vendor's tools at one server, during one call. */
export interface Access {
  readonly options: StoreOptions;
  readonly call: StoreCall;
  readonly server: ServerVersion;
  readonly tools: ToolFolder;
  readonly tuning: Tuning;
  /** A tool of the server's package, connected to a database by its environment. */
  tool(program: string, args: readonly string[], options?: ToolOptions): PlacedTool;
  session(database: string): Promise<Session>;
}

export interface ToolOptions {
  /** Left out: no connection. */
  readonly database?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const TUNING: Tuning = { bigTable: 64 * 2 ** 20, range: 256 * 2 ** 20, amcheck: false };

/**
 * Asks the server for its version and finds the tools for it. Fails with `store.unreachable`, `store.denied`,
 * `store.unsupported`, `store.tool-too-old`.
 *
 * @param database the database to ask in: one the user may connect to
 * @param toolsFrom major of the pg_dump that wrote what will be read: an older pg_restore does not know its archives
 */
export async function openAccess(
  options: StoreOptions,
  call: StoreCall,
  database: string,
  toolsFrom = 0,
): Promise<Access> {
  const { config } = options;
  const local = config.service === undefined;
  const asker = placer(options, call, config.bin ?? (local ? packagedFolders().at(-1)?.bin : undefined));
  const session = await openSessionIn(asker, call, options, database);
  const asked = await session.json<{ number: number; text: string }>(
    `SELECT jsonb_build_object('number', current_setting('server_version_num')::int, 'text', current_setting('server_version'))`,
  );
  await session.close();
  const server = serverVersion(asked.number, asked.text);
  const tools = await dumpTools({
    place: (argv) => placer(options, call, undefined)({ argv }),
    signal: call.signal,
    bin: config.bin,
    local,
    wanted: Math.max(server.major, toolsFrom),
  });
  const place = placer(options, call, tools.bin);
  return {
    options,
    call,
    server,
    tools,
    tuning: { ...TUNING, ...options.tuning },
    tool: (program, args, { database: to, env } = {}) => {
      const connection =
        to === undefined ? { env: {}, secrets: {} } : connectionEnvironment(options, call, to);
      return place({
        argv: [program, ...args],
        env: { ...connection.env, ...env },
        secrets: connection.secrets,
        bulk: true,
      });
    },
    session: (to) => openSessionIn(place, call, options, to),
  };
}

type Place = (tool: Tool) => PlacedTool;

/** Programs without a folder of their own are looked for in `bin`. */
export function placer({ config, runtime }: StoreOptions, call: StoreCall, bin: string | undefined): Place {
  return (tool) => {
    const [program, ...args] = tool.argv;
    const argv: [string, ...string[]] = [
      /^(pg_[a-z]+|psql)$/.test(program) ? inFolder(bin, program) : program,
      ...args,
    ];
    return runtime.place({ ...tool, argv }, { service: config.service, marker: call.marker });
  };
}

function openSessionIn(
  place: Place,
  call: StoreCall,
  options: StoreOptions,
  database: string,
): Promise<Session> {
  const connection = connectionEnvironment(options, call, database);
  return openSession(place({ argv: ['psql', ...SESSION_ARGS], ...connection, bulk: true }), {
    signal: call.signal,
    settings: sessionSettings(options.config),
    broken: async (words) => {
      const ready = place({ argv: ['pg_isready', '-q'], ...connection });
      const answer = await runTool(ready, { limitSeconds: 30, okCodes: [0, 1, 2, 3] }).catch(() => undefined);
      return closely(options, call, connectFailure(words, answer?.code === 0, options.name));
    },
  });
}

/** libpq has one word for every certificate that does not verify: a handshake of our own tells which it is. */
async function closely(
  { config }: StoreOptions,
  call: StoreCall,
  failure: SteadyError,
): Promise<SteadyError> {
  const server = tlsServer(config);
  if (failure.code !== 'store.tls-unknown' || server === undefined) return failure;
  return connectTls(server, call.signal).then(
    (link) => {
      link.destroy();
      return failure;
    },
    (error: unknown) => (error instanceof SteadyError ? error : failure),
  );
}
