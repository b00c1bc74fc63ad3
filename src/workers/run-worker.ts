import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  type LogEntry,
  type NativeConnectionOptions,
} from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createCodec } from '../client/codec.js';
import { KEYS_VARIABLE, readCodecKeys } from '../client/codec-keys.js';
import { prepareNamespace } from '../client/namespace.js';
import type { Ports } from '../activities/ports.js';
import { SteadyError } from '../contracts/failures.js';
import type { Role } from '../contracts/names.js';
import { makeHeapRoom } from '../pipelines/heap-room.js';
import { createMetrics } from './metrics/read-metrics.js';
import { serveMetrics } from './metrics/serve-metrics.js';
import { createTrust } from './trust.js';
import { wire } from './wire.js';
import { BUNDLE_PATH, createWorkers } from './worker.js';

export interface RunWorkerOptions {
  readonly connect: NativeConnectionOptions & { readonly address: string };
  readonly namespace: string;
  readonly site: string;
  readonly roles: readonly Role[];
  readonly scratch: string;
  /** The allow file; asked each time, for it may be made while the worker runs. */
  readonly trustFile: () => string;
  readonly logLevel: string;
  /** Where metrics are served; left out: nowhere. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined;
  readonly onReady: (facts: { readonly metrics?: string | undefined }) => void;
}

/** Runs the workers of one process until it is told to stop; waits for Temporal as long as it takes. */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  makeHeapRoom();
  const log = pino({ level: options.logLevel }, pino.destination(2));
  Runtime.install({
    logger: new DefaultLogger('INFO', (entry: LogEntry) => {
      // A worker of one role has either workflows or activities; that is no news.
      if (/^No (workflows|activities) registered/.test(entry.message)) return;
      const level = entry.level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
      log[level](entry.meta ?? {}, entry.message);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
  const codec = createCodec(readCodecKeys());
  // Read already, by whoever gives `connect`: no tool, check or service that is started here has them in its environment.
  for (const name of [KEYS_VARIABLE, 'TEMPORAL_API_KEY', 'TEMPORAL_TLS_CLIENT_KEY_DATA'])
    Reflect.deleteProperty(process.env, name);
  const connection = await connectPatiently(options, log);
  await prepareNamespace(connection, options.namespace).catch((error: unknown) =>
    // `steady apply` refuses, and says the same to whoever can do something about it.
    log.warn(error instanceof SteadyError ? { hint: error.hint } : {}, (error as Error).message),
  );
  const workflows = existsSync(BUNDLE_PATH)
    ? { workflowBundle: { codePath: BUNDLE_PATH } }
    : { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) };
  const ports = wire({
    scratch: options.scratch,
    env: process.env,
    trust: createTrust(options.trustFile),
  });
  const workers = await createWorkers({
    connection,
    namespace: options.namespace,
    codec,
    site: options.site,
    roles: options.roles,
    ports,
    workflows,
  });
  const metrics =
    options.metrics &&
    (await serveMetrics(
      options.metrics,
      readMetrics(
        options,
        new Client({ connection, namespace: options.namespace, dataConverter: { payloadCodecs: [codec] } }),
        ports,
      ),
      (words) => log.warn(words),
    ));
  options.onReady({ metrics: metrics?.url });
  await Promise.all(workers.map((worker) => worker.run()));
  metrics?.close();
  await connection.close();
}

/** Who may read storage tells what lies there. */
function readMetrics({ site, roles }: RunWorkerOptions, client: Client, ports: Ports): () => Promise<string> {
  return createMetrics({ client, site, ...(roles.includes('proof') && { storage: ports.storage }) });
}

async function connectPatiently(options: RunWorkerOptions, log: pino.Logger): Promise<NativeConnection> {
  for (let told = false; ; told = true) {
    try {
      return await NativeConnection.connect(options.connect);
    } catch (error) {
      if (!told)
        log.warn(
          { address: options.connect.address, error: (error as Error).message },
          'waiting for Temporal',
        );
      await sleep(500);
    }
  }
}
