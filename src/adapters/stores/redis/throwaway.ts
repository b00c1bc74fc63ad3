import { setTimeout as delay } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { Secret } from '../../../contracts/secret.js';
import { spawnTool, type RunningTool } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import { createAsk, type Ask } from './cli.js';
import type { RedisVersion } from './versions.js';

/** A Redis of our own that has loaded an RDB: it writes nothing and listens on a socket in a private folder only. */
export interface Throwaway {
  readonly ask: Ask;
  readonly version: RedisVersion;
  readonly pid: number;
  close(): Promise<void>;
}

export interface ThrowawayOptions {
  readonly signal: AbortSignal;
  readonly place: (tool: Tool) => PlacedTool;
  /** Places the server itself; left out: as its tools. */
  readonly serve?: ((tool: Tool) => PlacedTool) | undefined;
  readonly server: { readonly path: string; readonly version: RedisVersion };
  readonly cli: string;
  /** Folder and name of the RDB; a name that is not there gives an empty server. */
  readonly folder: string;
  readonly file: string;
  /** Path of the socket; the kernel allows 107 bytes. */
  readonly socket: string;
  readonly databases: number;
  readonly modules?: readonly string[];
  /** A port on 127.0.0.1 from which another server may replicate; default none. */
  readonly port?: number;
  readonly extra?: readonly string[];
  /** Asked from whoever connects; it goes to the server by stdin, as configuration. */
  readonly password?: Secret | undefined;
}

/** The server as a tool: `--save ''` and no append-only file, so the files it reads stay as they are. */
export function throwawayTool(options: Omit<ThrowawayOptions, 'signal' | 'place' | 'serve' | 'cli'>): Tool {
  const { server, folder, file, socket, databases } = options;
  // DEBUG DIGEST is closed by default from 7.0 on; before, the option does not exist.
  const debug = server.version.major >= 7 ? ['--enable-debug-command', 'yes'] : [];
  const modules = (options.modules ?? []).flatMap((line) => ['--loadmodule', ...line.split(' ')]);
  const paths = ['--dir', folder, '--dbfilename', file, '--unixsocket', socket, '--unixsocketperm', '700'];
  return {
    argv: [
      server.path,
      ...[
        '--port',
        String(options.port ?? 0),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--daemonize',
        'no',
        '--databases',
        String(databases),
      ],
      ...paths,
      ...debug,
      ...modules,
      ...(options.extra ?? []),
      ...(options.password ? ['-'] : []),
    ],
    env: { LC_ALL: 'C' },
  };
}

/** Starts it and waits until it has loaded. Fails with the server's last words when it cannot load the RDB. */
export async function startThrowaway(options: ThrowawayOptions): Promise<Throwaway> {
  const running = await spawnTool((options.serve ?? options.place)(throwawayTool(options)), {
    signal: options.signal,
  });
  let log = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4096);
  });
  running.stdin.end(options.password ? `requirepass ${JSON.stringify(options.password.reveal())}\n` : '');
  const ask = createAsk(options.cli, { socket: options.socket, password: options.password }, options.place);
  try {
    await untilLoaded(ask, options.signal, running, () => log);
  } catch (error) {
    await running.end(0);
    throw error;
  }
  return { ask, version: options.server.version, pid: running.pid, close: () => running.end(1) };
}

async function untilLoaded(
  ask: Ask,
  signal: AbortSignal,
  running: RunningTool,
  log: () => string,
): Promise<void> {
  let gone = false;
  void running.exited.then(() => (gone = true));
  for (let wait = 25; ; wait = Math.min(wait * 1.5, 1000)) {
    if (signal.aborted) throw new SteadyError('cancelled', { tool: running.label });
    if (gone) {
      const words = log()
        .split('\n')
        .filter((line) => line.includes(' # ') || /error|fatal/i.test(line));
      const says = words
        .slice(-3)
        .map((line) => line.replace(/^\d+:\w .*?\d{4} [\d:.]+ [#*] /, ''))
        .join(' | ');
      throw new SteadyError(
        'tool.failed',
        { tool: running.label, says: says || running.lastWords().slice(-300) },
        { retryable: false },
      );
    }
    try {
      const info = await ask(['INFO', 'persistence'], { signal });
      if (/^loading:0/m.test(info)) return;
    } catch (error) {
      if (!(error instanceof SteadyError) || error.code !== 'store.unreachable') throw error;
    }
    await Promise.race([delay(wait), running.exited]);
  }
}
