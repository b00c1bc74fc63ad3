import type { RuntimePort } from '../adapters/runtimes/port.js';
import type { SecretsPort } from '../adapters/secrets/port.js';
import { createFilesStore } from '../adapters/stores/files/index.js';
import { createPostgresStore } from '../adapters/stores/postgres/index.js';
import { createRedisStore } from '../adapters/stores/redis/index.js';
import { fromFolder } from '../adapters/stores/tls/files.js';
import type { StorePort } from '../adapters/stores/port.js';
import type { StoreAccount } from '../activities/ports.js';
import { serviceHandle } from '../activities/service-handle.js';
import { SteadyError } from '../contracts/failures.js';
import { theOne } from '../contracts/one-of.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { SecretRef } from '../contracts/secret.js';
import type { TlsConfig } from '../contracts/stack/tls.js';

export interface StoreWiring {
  readonly snapshot: StackSnapshot;
  readonly name: string;
  /** Left out: as its owner. */
  readonly as?: StoreAccount;
  readonly runtime: RuntimePort;
  readonly secrets: SecretsPort;
  /** Folder on this worker for scratch files. */
  readonly scratch: string;
}

/** The store of a stack by its name; an unknown name or kind throws `config.invalid`. */
export async function createStore(wiring: StoreWiring): Promise<StorePort> {
  const { snapshot, name, as, runtime, secrets, scratch } = wiring;
  const config = snapshot.stack.stores[name];
  if (config === undefined)
    throw new SteadyError('config.invalid', { store: name, error: 'not in the stack' });
  const store = theOne(config);
  const account = async <O extends Account & { readonly reader?: Account | undefined }>(options: O) => {
    const reading = as === 'reader' && options.reader !== undefined;
    const { user, password } = reading && options.reader ? options.reader : options;
    const config = { ...options, user: user ?? options.user, password };
    if (password === undefined || as === 'nobody') return { config, reading };
    return { config, reading, password: await secrets.resolve(password) };
  };
  const common = { name, runtime, baseFolder: snapshot.folder };
  // With a service its files are named as its container has them.
  const onWorker = <
    O extends { readonly service?: string | undefined; readonly tls?: TlsConfig | undefined },
  >(
    options: O,
  ): O =>
    options.tls === undefined || options.service !== undefined
      ? options
      : { ...options, tls: fromFolder(options.tls, snapshot.folder) };
  switch (store.kind) {
    case 'postgres': {
      // A proof on the live server makes a database there.
      const live = as === 'nobody' && store.options.proof === 'live-server';
      if (live) return await createStore({ ...wiring, as: 'owner' });
      return createPostgresStore({ ...common, ...(await account(onWorker(store.options))) });
    }
    case 'redis': {
      const { service } = store.options;
      const handle = service === undefined ? {} : { service: knownOrBare(snapshot, service) };
      return createRedisStore({
        ...common,
        ...handle,
        scratch,
        ...(await account(onWorker(store.options))),
      });
    }
    case 'files':
      return createFilesStore({ ...common, config: store.options });
  }
}

interface Account {
  readonly user?: string | undefined;
  readonly password?: SecretRef | undefined;
}

/** A store's own service need not be named among the services. */
function knownOrBare(snapshot: StackSnapshot, service: string) {
  return snapshot.stack.services[service] === undefined
    ? { name: service, drainSeconds: 30 }
    : serviceHandle(snapshot, service);
}
