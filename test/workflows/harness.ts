import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createNotifier } from '../../src/adapters/notifiers/index.js';
import { createSecrets } from '../../src/adapters/secrets/read-secret.js';
import type { Ports } from '../../src/activities/ports.js';
import type { Steady } from '../../src/client/connect.js';
import { ROLES, type Role } from '../../src/contracts/names.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { createWorkers } from '../../src/workers/worker.js';
import './quiet.js';
import { createWorld, type World, type WorldOptions } from './world.js';

/** Workers at a site of their own, with fakes for what is not the point. One for a test file. */
export interface Rig {
  readonly steady: Steady;
  readonly site: string;
  /** A stack of its own, with its storage, stores and services. */
  world(options?: WorldOptions): World;
  /** More workers, for these roles; gives what stops them. */
  serve(roles: readonly Role[]): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface RigOptions {
  /** Left out: all. */
  readonly roles?: readonly Role[];
  readonly address?: string;
  /** Path of the workflows' bundle. */
  readonly bundle?: string;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const address = options.address ?? inject('temporalAddress');
  const bundle = options.bundle ?? inject('workflowBundle');
  const site = `site-${randomBytes(4).toString('hex')}`;
  const scratch = await mkdtemp(join(tmpdir(), 'steady-rig-'));
  const worlds = new Map<string, World>();
  const worldOf = (snapshot: StackSnapshot): World => {
    const world = worlds.get(snapshot.stack.stack);
    if (world === undefined) throw new Error(`no world ${snapshot.stack.stack}`);
    return world;
  };
  const ports: Ports = {
    scratch,
    reap: () => Promise.resolve(0),
    storage: (snapshot) => Promise.resolve(worldOf(snapshot).storage),
    store: (snapshot, name) => Promise.resolve(worldOf(snapshot).storePort(name)),
    runtime: (snapshot) => worldOf(snapshot).runtime,
    probes: (snapshot) => worldOf(snapshot).probes,
    router: (snapshot) => worldOf(snapshot).router,
    notifier: (snapshot, name) =>
      createNotifier({
        name,
        config: snapshot.stack.notify?.[name],
        secrets: createSecrets({ env: worldOf(snapshot).env, baseFolder: scratch }),
        baseFolder: scratch,
      }),
    calendars: (snapshot) => worldOf(snapshot).calendars,
    secrets: () => ({
      resolve: () => Promise.reject(new Error('no secrets here')),
      known: () => Promise.resolve([]),
      warnings: () => Promise.resolve([]),
      environmentWarnings: () => Promise.resolve([]),
    }),
  };
  const stops: (() => Promise<void>)[] = [];
  const serve = async (roles: readonly Role[]): Promise<() => Promise<void>> => {
    const native = await NativeConnection.connect({ address });
    const workers = await createWorkers({
      connection: native,
      namespace: 'default',
      site,
      roles,
      ports,
      workflows: { workflowBundle: { codePath: bundle } },
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      workers.forEach((worker) => worker.shutdown());
      await running;
      await native.close();
    };
    const once = (): Promise<void> => (stopped ??= stop());
    stops.push(once);
    return once;
  };
  await serve(options.roles ?? ROLES);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const steady: Steady = {
    client,
    address,
    namespace: 'default',
    workerSeconds: 60,
    close: () => connection.close(),
  };

  return {
    steady,
    site,
    serve,
    world(worldOptions = {}) {
      const world = createWorld({ ...worldOptions, site, steady });
      worlds.set(world.stack, world);
      return world;
    },
    async close() {
      // What still runs would wait for this site's workers for ever.
      for (const world of worlds.values()) await world.end();
      await Promise.all(stops.map((stop) => stop()));
      await steady.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
