import { Client, Connection } from '@temporalio/client';

import { connectConfig, connectionTo, isTls } from './address.js';
import { saidBy } from './reach.js';
import { createCodec } from './codec.js';
import { readCodecKeys } from './codec-keys.js';
import { SteadyError } from '../contracts/failures.js';

export interface Steady {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  /** What keeps others from reading along, or asking for anything. */
  readonly guard?: {
    readonly tls: boolean;
    /** Id of the key that encrypts payloads; left out: they are plain. */
    readonly codecKey?: string | undefined;
    /** Plain ones are taken too. */
    readonly plain: boolean;
  };
  /** Longest wait for a worker to answer; left out: 300. */
  readonly workerSeconds?: number | undefined;
  /** Told, in words, when an answer takes longer than a moment. */
  readonly onWait?: ((words: string) => void) | undefined;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Overrides TEMPORAL_ADDRESS and the profile. */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** Profile of Temporal's own configuration file. */
  readonly profile?: string | undefined;
  /** Path of the stack file: a `steady up` beside it has noted its address. */
  readonly config: string;
  /** Longest wait for a worker to answer; default 300. */
  readonly workerSeconds?: number | undefined;
  readonly onWait?: ((words: string) => void) | undefined;
}

/**
 * Connects to Temporal with its standard environment variables and profiles (docs.temporal.io, "Environment
 * configuration"). Throws `temporal.unreachable` within a few seconds.
 */
export async function connect(options: ConnectOptions): Promise<Steady> {
  const config = connectConfig(options.profile);
  const to = connectionTo(options);
  const { address } = to;
  const namespace = options.namespace ?? config.namespace ?? 'default';
  const codec = readCodecKeys();
  const dataConverter = { payloadCodecs: [createCodec(codec, true)] };
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...to, connectTimeout: '3s' });
  } catch (cause) {
    throw notReached(to, cause);
  }
  const client = new Client({ connection, namespace, dataConverter });
  return {
    client,
    address,
    namespace,
    guard: { tls: isTls(to), codecKey: codec.keys[0]?.id, plain: codec.plain },
    workerSeconds: options.workerSeconds,
    onWait: options.onWait,
    close: () => connection.close(),
  };
}

/** Where TLS or a key is asked for, it is most often these that are wrong. */
function notReached(to: ReturnType<typeof connectionTo>, cause: unknown): SteadyError {
  const { address } = to;
  const guarded = isTls(to) || to.apiKey !== undefined;
  if (!guarded) return new SteadyError('temporal.unreachable', { address }, { cause });
  const facts = { address, tls: isTls(to), api_key: to.apiKey !== undefined, says: saidBy(cause) };
  const hint =
    'Is it there? Compare TEMPORAL_TLS_… and TEMPORAL_API_KEY with what that server asks for: docs/security.md.';
  return new SteadyError('temporal.unreachable', facts, { cause, hint });
}
