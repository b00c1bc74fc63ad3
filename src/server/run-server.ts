import { pino } from 'pino';
import type { Identity } from '../client/approvals.js';
import type { ConnectOptions } from '../client/connect.js';
import { readTokens } from '../config/tokens-file.js';
import { SteadyError } from '../contracts/failures.js';
import { createServer, type CreateServerOptions } from './create-server.js';
import { createStacks } from './stacks.js';
import { createTemporal } from './temporal.js';

export interface RunServerOptions {
  readonly connect: ConnectOptions;
  /** Paths of stack files, or their folders. */
  readonly files: readonly string[];
  /** Path of the file of tokens; it may be made later. */
  readonly tokensFile: string;
  readonly signer: Identity;
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly tls?: CreateServerOptions['tls'];
  readonly logLevel: string;
  readonly onReady: (url: string) => void;
}

/** Serves the HTTP API until it is told to stop. Throws `server.port-taken`. */
export async function runServer(options: RunServerOptions): Promise<void> {
  const { host, port, tls } = options;
  const logger = pino({ level: options.logLevel }, pino.destination(2));
  const stop = new AbortController();
  const temporal = createTemporal(options.connect);
  const tokens = () => readTokens(options.tokensFile);
  const app = await createServer(
    { stacks: createStacks(options.files), temporal, tokens, signer: options.signer, stopping: stop.signal },
    { logger, tls },
  );
  const told = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  try {
    options.onReady(await app.listen({ host, port }));
    await told;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw cause;
    throw new SteadyError('server.port-taken', { listen: `${host}:${port}`, error: code }, { cause });
  } finally {
    stop.abort();
    await app.close();
    await temporal.close();
  }
}
