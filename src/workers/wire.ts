import { mkdirSync } from 'node:fs';
import { createSecrets } from '../adapters/secrets/read-secret.js';
import { createRuntime } from '../adapters/runtimes/index.js';
import { createStorage } from '../adapters/storage/index.js';
import type { Ports } from '../activities/ports.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { reapMarked } from '../pipelines/reap.js';
import { createStore } from './wire-stores.js';
import { wireProbes } from './wire-probes.js';

/** Joins ports and vendors. The only place, with the CLI's embedded mode, that knows a vendor's name. */
export function wire(options: { readonly scratch: string; readonly env: NodeJS.ProcessEnv }): Ports {
  mkdirSync(options.scratch, { recursive: true });
  const secrets = (snapshot: StackSnapshot) =>
    createSecrets({ env: options.env, baseFolder: snapshot.folder });
  const runtime = (snapshot: StackSnapshot) =>
    createRuntime(snapshot.stack.runtime, { baseFolder: snapshot.folder });
  return {
    scratch: options.scratch,
    reap: reapMarked,
    secrets,
    runtime,
    storage: (snapshot) =>
      createStorage(snapshot.stack.storage.main, {
        stack: snapshot.stack.stack,
        baseFolder: snapshot.folder,
        secrets: secrets(snapshot),
      }),
    store: (snapshot, name) =>
      createStore({ snapshot, name, runtime: runtime(snapshot), secrets: secrets(snapshot) }),
    probes: (snapshot) => wireProbes({ snapshot, runtime: runtime(snapshot), secrets: secrets(snapshot) }),
  };
}
