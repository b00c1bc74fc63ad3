import { Client, Connection } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Steady } from '../../src/client/connect.js';
import { resultOf } from '../../src/client/outcome.js';
import { startRun } from '../../src/client/start.js';
import { ledgerEntityId, storageEntityId, targetEntityId } from '../../src/contracts/ids.js';
import { ROLES } from '../../src/contracts/names.js';
import type { RunInput, StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { stackSchema, type Stack } from '../../src/contracts/stack/stack.js';
import type { Trust } from '../../src/workers/trust.js';
import { wire } from '../../src/workers/wire.js';
import { createWorkers } from '../../src/workers/worker.js';

/** A site of its own on the project's Temporal: a folder that is backed up into another one, and a worker wired for real. */
export interface Site {
  readonly folder: string;
  readonly snapshot: StackSnapshot;
  readonly steady: Steady;
  /** Runs a procedure to its end; throws what it ended with. */
  run<T>(procedure: Procedure, input: object, snapshot?: StackSnapshot): Promise<T>;
  /** The worker, with another codec. */
  restart(codec: PayloadCodec): Promise<void>;
  close(): Promise<void>;
}
type Procedure = Parameters<typeof startRun>[1]['procedure'];

export interface SiteOptions {
  /** Fields of the stack beside storage and one store. */
  readonly stack?: (folder: string) => object;
  /** Of Temporal; left out: the project's. */
  readonly address?: string;
  /** The worker's, and of its client; left out: none. */
  readonly codec?: PayloadCodec;
  readonly trust: (folder: string, snapshot: StackSnapshot) => Promise<Trust>;
}

export async function createSite(options: SiteOptions): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'steady site '));
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'storage'));
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data', 'note.txt'), 'hello');
  const name = `site-${randomBytes(4).toString('hex')}`;
  const stack: Stack = stackSchema.parse({
    version: 1,
    stack: name,
    site: name,
    storage: { main: { directory: { path: 'storage' } } },
    stores: { docs: { files: { path: 'data' } } },
    ...options.stack?.(folder),
  });
  const snapshot: StackSnapshot = { stack, configSha256: 'd'.repeat(64), folder };
  const address = options.address ?? inject('temporalAddress');
  const trust = await options.trust(folder, snapshot);
  const serve = async (codec: PayloadCodec | undefined): Promise<() => Promise<void>> => {
    const native = await NativeConnection.connect({ address });
    const workers = await createWorkers({
      connection: native,
      namespace: 'default',
      codec,
      site: name,
      roles: ROLES,
      ports: wire({ scratch: join(folder, 'scratch'), env: process.env, trust }),
      workflows: { workflowBundle: { codePath: inject('workflowBundle') } },
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    return async () => {
      workers.forEach((worker) => worker.shutdown());
      await running;
      await native.close();
    };
  };
  let stop = await serve(options.codec);
  const connection = await Connection.connect({ address });
  const client = new Client({
    connection,
    dataConverter: { payloadCodecs: options.codec ? [options.codec] : [] },
  });
  const steady: Steady = {
    client,
    address,
    namespace: 'default',
    workerSeconds: 30,
    close: () => connection.close(),
  };
  return {
    folder,
    snapshot,
    steady,
    async restart(codec) {
      await stop();
      stop = await serve(codec);
    },
    async run(procedure, input, given = snapshot) {
      const whole = { version: 1, snapshot: given, by: { name: 'tester' }, ...input } as RunInput;
      return await resultOf(await startRun(steady, { procedure, input: whole }));
    },
    async close() {
      const stores = Object.keys(stack.stores).map((store) => targetEntityId(name, store));
      for (const id of [...stores, storageEntityId(name), ledgerEntityId(name)])
        await client.workflow
          .getHandle(id)
          .terminate()
          .catch(() => undefined);
      await stop();
      await steady.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
