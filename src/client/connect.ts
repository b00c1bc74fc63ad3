import { Client, Connection } from '@temporalio/client';

import { addressInUse, connectConfig } from './address.js';
import { SteadyError } from '../contracts/failures.js';

export interface Steady {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
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
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...config.connectionOptions, address, connectTimeout: '3s' });
  } catch (cause) {
    throw new SteadyError('temporal.unreachable', { address }, { cause });
  }
  const client = new Client({ connection, namespace });
  return {
    client,
    address,
    namespace,
    workerSeconds: options.workerSeconds,
    onWait: options.onWait,
    close: () => connection.close(),
  };
}
