import type { Secret } from '../../../contracts/secret.js';
import type { RedisStoreConfig } from '../../../contracts/stack/stores.js';
import type { RuntimePort, ServiceHandle } from '../../runtimes/port.js';
import type { Tunnels } from '../tls/tunnel.js';

/** What a Redis store is made from. */
export interface RedisStoreOptions {
  /** Name of the store in the stack file. */
  readonly name: string;
  readonly config: RedisStoreConfig;
  readonly runtime: RuntimePort;
  /** The service that holds it, when there is one. */
  readonly service?: ServiceHandle | undefined;
  /** The account may read only: it is not asked what a restore needs. */
  readonly reading?: boolean | undefined;
  readonly password?: Secret | undefined;
  /** How tools of this machine reach a server by TLS, during one phase. */
  readonly tunnels?: Tunnels | undefined;
  /** Folder on the worker for scratch files, to which an RDB is brought; default the system's for temporary files. */
  readonly scratch?: string | undefined;
  /** Folder on the worker for what a restore by replication keeps; default `/var/tmp/steadyhand`. */
  readonly keep?: string | undefined;
}

export const DEFAULT_KEEP = '/var/tmp/steadyhand';

/** The service's name for compose, where tools are placed. */
export const composeService = (service: ServiceHandle): string => service.container ?? service.name;

/** How the server is started and stopped: by its service, by given commands, or not at all by us. */
export function serverHandle(options: RedisStoreOptions): ServiceHandle | undefined {
  if (options.service) return options.service;
  const process = options.config.process;
  return process && { name: options.name, start: process.start, stop: process.stop, drainSeconds: 30 };
}
