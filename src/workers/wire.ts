import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { createCalendar } from '../adapters/calendars/index.js';
import { createNotifier } from '../adapters/notifiers/index.js';
import { createSecrets } from '../adapters/secrets/read-secret.js';
import { createRouter } from '../adapters/routers/index.js';
import { createRuntime } from '../adapters/runtimes/index.js';
import { createStorage } from '../adapters/storage/index.js';
import { removeLeftOvers } from '../adapters/stores/scratch-folder.js';
import type { Ports, StoreAccount } from '../activities/ports.js';
import { SteadyError } from '../contracts/failures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { reapMarked } from '../pipelines/reap.js';
import { createStore } from './wire-stores.js';
import type { Trust } from './trust.js';
import { wireProbes } from './wire-probes.js';

export interface WireOptions {
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly trust: Trust;
}

/**
 * Joins ports and vendors. The only place, with the CLI's embedded mode, that knows a vendor's name. What no port gives no
 * activity can do, so here is where a stack is trusted or refused.
 */
export function wire(options: WireOptions): Ports {
  const trusted =
    <A extends unknown[], R>(make: (snapshot: StackSnapshot, ...of: A) => R) =>
    (snapshot: StackSnapshot, ...of: A): R => {
      options.trust(snapshot);
      return make(snapshot, ...of);
    };
  const scratch = resolve(options.scratch);
  // Others may pass, for a throwaway server runs under an account of its own; nobody else may look what is there.
  mkdirSync(scratch, { recursive: true, mode: 0o711 });
  // What cannot be removed now must not keep a worker from starting.
  for (const base of [scratch, tmpdir()])
    void removeLeftOvers(base).catch((error: Error) => process.emitWarning(error));
  const secrets = (snapshot: StackSnapshot) =>
    createSecrets({ env: options.env, baseFolder: snapshot.folder });
  const runtime = (snapshot: StackSnapshot) =>
    createRuntime(snapshot.stack.runtime, {
      baseFolder: snapshot.folder,
      niceness: snapshot.stack.limits.nice,
    });
  return {
    scratch,
    reap: reapMarked,
    secrets: trusted(secrets),
    runtime: trusted(runtime),
    storage: trusted((snapshot) =>
      createStorage(snapshot.stack.storage.main, {
        stack: snapshot.stack.stack,
        baseFolder: snapshot.folder,
        secrets: secrets(snapshot),
        stallSeconds: snapshot.stack.limits.stall,
        lock: snapshot.stack.storage.lock,
      }),
    ),
    store: trusted((snapshot, name: string, as: StoreAccount = 'owner') =>
      createStore({ snapshot, name, as, scratch, runtime: runtime(snapshot), secrets: secrets(snapshot) }),
    ),
    notifier: trusted((snapshot, name: string) =>
      createNotifier({
        name,
        config: snapshot.stack.notify?.[name],
        secrets: secrets(snapshot),
        baseFolder: snapshot.folder,
      }),
    ),
    router: trusted((snapshot, name: string) => {
      const config = snapshot.stack.routers[name];
      if (config === undefined)
        throw new SteadyError('config.invalid', { router: name, error: 'not in the stack' });
      return createRouter(config, { runtime: runtime(snapshot) });
    }),
    calendars: trusted((snapshot) =>
      (snapshot.stack.changes?.calendars ?? []).map((config) =>
        createCalendar(config, {
          baseFolder: snapshot.folder,
          zone: snapshot.stack.timezone,
          secrets: secrets(snapshot),
        }),
      ),
    ),
    probes: trusted((snapshot) =>
      wireProbes({ snapshot, scratch, runtime: runtime(snapshot), secrets: secrets(snapshot) }),
    ),
  };
}
