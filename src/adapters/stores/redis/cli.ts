import { SteadyError } from '../../../contracts/failures.js';
import type { Secret } from '../../../contracts/secret.js';
import type { TlsConfig } from '../../../contracts/stack/tls.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { Tunnel } from '../tls/tunnel.js';
import { tlsArguments, tlsCodeOf } from './tls.js';

/** Where redis-cli connects to. */
export interface RedisAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly socket?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
  /** By redis-cli itself. */
  readonly tls?: TlsConfig | undefined;
  /** The way to host and port that TLS of ours has. */
  readonly tunnel?: Tunnel | undefined;
}

/** redis-cli as a tool; the password goes by its environment variable REDISCLI_AUTH. */
export function cliTool(program: string, address: RedisAddress, args: readonly string[]): Tool {
  const socket = address.tunnel?.socket ?? address.socket;
  const where =
    socket === undefined
      ? [...(address.host === undefined ? [] : ['-h', address.host]), '-p', String(address.port ?? 6379)]
      : ['-s', socket];
  const user = address.user === undefined ? [] : ['--user', address.user];
  const tls = address.tls === undefined ? [] : tlsArguments(address.tls);
  return {
    argv: [program, ...where, ...tls, ...user, '--no-auth-warning', ...args],
    env: { LC_ALL: 'C' },
    ...(address.password && { secrets: { REDISCLI_AUTH: address.password } }),
  };
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly db?: number;
  /** A command with a secret in it: it goes by stdin instead of argv. */
  readonly secretly?: boolean;
  /** Longest time, in seconds; default 30. */
  readonly limitSeconds?: number;
}

export type Ask = (args: readonly string[], options?: AskOptions) => Promise<string>;

/**
 * Gives a function that sends one command and answers its reply as text, without the final newline.
 * It fails with `store.unreachable`, `store.denied`, or `tool.failed` for an error reply.
 */
export function createAsk(program: string, address: RedisAddress, place: (tool: Tool) => PlacedTool): Ask {
  return async (args, options = {}) => {
    const db = options.db === undefined ? [] : ['-n', String(options.db)];
    const tool = place(cliTool(program, address, options.secretly ? db : [...db, ...args]));
    const input = options.secretly ? `${args.map((arg) => JSON.stringify(arg)).join(' ')}\n` : '';
    const limitSeconds = options.limitSeconds ?? 30;
    const output = await runTool(tool, {
      input,
      limitSeconds,
      okCodes: Array.from({ length: 128 }, (_, code) => code),
      ...(options.signal && { signal: options.signal }),
    }).catch((error: unknown) => {
      // Who writes to a tunnel that has closed is ended by that.
      const ended = error instanceof SteadyError && ['stream.stalled', 'tool.failed'].includes(error.code);
      const why = ended ? address.tunnel?.failure() : undefined;
      if (why !== undefined) throw why;
      if (error instanceof SteadyError && error.code === 'stream.stalled') {
        throw new SteadyError(
          'store.unreachable',
          { ...shown(address), limit: `${limitSeconds}s` },
          { cause: error },
        );
      }
      throw error;
    });
    const reply = output.stdout.replace(/\n$/, '');
    const failure = failureOf(reply, output.stderr, output.code, address, args[0] ?? '');
    if (failure) throw failure;
    return reply;
  };
}

const shown = (address: RedisAddress): { at: string } => ({
  at: address.socket ?? `${address.host ?? '127.0.0.1'}:${address.port ?? 6379}`,
});

/**
 * What redis-cli says of a connection or a credential that failed, as an error of ours. It exits 0 on error replies.
 * Only the beginning of a reply is looked at: INFO names errors of the past in its own lines.
 */
export function failureOf(
  reply: string,
  stderr: string,
  code: number,
  address: RedisAddress,
  command: string,
): SteadyError | undefined {
  const lines = [...stderr.split('\n'), reply.split('\n')[0] ?? ''].map((line) => line.trim());
  const says = (pattern: RegExp): string | undefined => lines.find((line) => pattern.test(line));
  const tls = address.tls && tlsCodeOf(stderr);
  if (tls)
    return new SteadyError(tls, { ...shown(address), tool: 'redis-cli', says: stderr.trim().slice(-300) });
  const denied = says(/^AUTH failed|(^|failed: )-?(NOAUTH|WRONGPASS|NOPERM|DENIED) |^ERR invalid password/);
  if (denied !== undefined) {
    return new SteadyError('store.denied', { ...shown(address), user: address.user, says: denied });
  }
  const absent = says(
    /(^|failed: |Error: )-?(LOADING|MASTERDOWN) |^Could not connect|^Error: (Server closed|Connection reset|Broken pipe)|is not running/,
  );
  if (absent !== undefined) {
    const hint = address.tls && address.tls.cert === undefined ? MAY_WANT_CERTIFICATE : undefined;
    const facts = { ...shown(address), says: absent };
    return address.tunnel?.failure() ?? new SteadyError('store.unreachable', facts, { hint });
  }
  if (code === 126 || code === 127) {
    return new SteadyError('tool.missing', { tool: 'redis-cli', says: stderr.slice(-200) });
  }
  if (code === 0 && !ERROR_REPLY.test(reply)) return undefined;
  const words = (code === 0 ? reply : `${stderr}\n${reply}`).trim().slice(-300);
  return new SteadyError('tool.failed', { tool: `redis-cli ${command}`, exit: code, says: words });
}

const ERROR_REPLY = /^(ERR|MISCONF|BUSY|BUSYKEY|READONLY|OOM|WRONGTYPE|NOSCRIPT|NOREPLICAS|EXECABORT) /;

/** A server that wants one hangs up after the handshake (RFC 8446, 4.4.2.4), and redis-cli says no more than that. */
const MAY_WANT_CERTIFICATE =
  'Is it running? It may want a client certificate: name one as tls.cert and tls.key.';
