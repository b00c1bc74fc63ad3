import { Client, Connection } from '@temporalio/client';

import { addressInUse, connectConfig, isTls } from './address.js';
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
  const address = addressInUse(options);
  const namespace = options.namespace ?? config.namespace ?? 'default';
  const codec = readCodecKeys();
  const dataConverter = { payloadCodecs: [createCodec(codec, true)] };
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...config.connectionOptions, address, connectTimeout: '3s' });
  } catch (cause) {
    throw new SteadyError('temporal.unreachable', { address }, { cause });
  }
  const client = new Client({ connection, namespace, dataConverter });
  return {
    client,
    address,
    namespace,
    guard: { tls: isTls(config.connectionOptions), codecKey: codec.keys[0]?.id, plain: codec.plain },
    workerSeconds: options.workerSeconds,
    onWait: options.onWait,
    close: () => connection.close(),
  };
}
