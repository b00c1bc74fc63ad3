import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { CUTS, startCutProxy, STALL_LIMIT_SECONDS, type Cut } from '../crash/rig/cut-proxy.js';
import { createCrashStack, type CrashStack } from '../crash/rig/stack.js';
import { waitFor } from '../crash/rig/wait-for.js';
import { expectWhole } from '../crash/rig/whole.js';
import type { MinioServer } from '../services/minio.js';
import type { PostgresService } from '../services/postgres.js';
import { startRedis } from '../services/redis.js';
import { createData, STORES, type StoreData, type Store } from './data.js';
import { generator } from './generator.mjs';
import type { Fault, Tally } from './tally.js';

/** Backups of a store that retention keeps. */
export const KEPT = 3;

/** A stack of three small stores whose every way out goes through something that breaks now and then. */
export interface Lane {
  readonly stack: CrashStack;
  readonly data: Readonly<Record<Store, StoreData>>;
  /** Draws of this stack, from 0 to 1. */
  readonly random: () => number;
  /** Ends the faults and looks whether anything is left of all that has run. */
  expectClean(): Promise<void>;
  close(): Promise<void>;
}

export interface LaneOptions {
  readonly server: PostgresService;
  readonly minio: MinioServer;
  /** Share of attempts of activities to which a fault happens. */
  readonly share: number;
  readonly seed: number;
  readonly tally: Tally;
}

export async function createLane(options: LaneOptions): Promise<Lane> {
  const { server, minio, tally } = options;
  const random = generator(options.seed);
  const [live, spare] = await Promise.all([startRedis(), startRedis()]);
  const stack = await createCrashStack({
    stores: ['small'],
    server: { port: server.port, bin: server.bin, user: 'postgres', password: server.password },
    uploads: true,
    up: false,
    minio,
    preload: fileURLToPath(new URL('faults.mjs', import.meta.url)),
    env: { STEADY_SOAK_SEED: String(options.seed), STEADY_SOAK_SHARE: String(options.share) },
    more: `limits: { litter: 1s, stall: ${STALL_LIMIT_SECONDS}s }\n`,
  });
  const at = (name: string): string => join(stack.folder, name);
  const cut = (name: string, how: Cut): void => writeFileSync(at(name), how);
  const proxyOf = (port: number, name: string) => startCutProxy(`http://127.0.0.1:${port}`, at(name));
  const databases = await proxyOf(server.port, 'cut-postgres');
  const caches = await proxyOf(live.port, 'cut-redis');
  stack.file.write(
    stack.file.text
      .replace(`port: ${server.port}`, `port: ${new URL(databases.endpoint).port}`)
      .replace('\nservices:', `\n  cache: { redis: { port: ${new URL(caches.endpoint).port} } }\nservices:`)
      .replace('needs: [small, uploads]', 'needs: [small]')
      .replace(
        /stores: \[small, uploads\], keep: .* }/,
        `stores: [${STORES.join(', ')}], keep: { last: ${KEPT}, verified: 1 }, prove: { schedule: never } }`,
      ),
  );

  // No fault until all is there.
  writeFileSync(at('points/quiet'), '');
  const ready = stack.steady.start('--no-worker');
  const temporalPort = await waitFor('Temporal is there', () => {
    const { address } = JSON.parse(readFileSync(at('.steady/up.json'), 'utf8')) as { address: string };
    return Number(address.split(':')[1]);
  });
  const temporal = await proxyOf(temporalPort, 'cut-temporal');

  let open = true;
  /** As a service manager does: a worker that ended is started again. */
  const keepWorker = async (): Promise<void> => {
    while (open) {
      const own = ['--metrics', 'off', '--scratch', at('.steady/scratch')];
      const worker = await stack.steady.startWorker('--address', new URL(temporal.endpoint).host, ...own);
      await worker.ended;
    }
  };
  const happen: Record<Fault, () => unknown> = {
    worker: () => undefined,
    temporal: () => (random() < 0.25 ? stack.steady.kill('temporal') : cut('cut-temporal', 'reset')),
    database() {
      if (random() < 0.5) return ['cut-postgres', 'cut-redis'].forEach((name) => cut(name, 'reset'));
      live.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      return stack.databases.sql(
        'postgres',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'steady-%'
         AND starts_with(datname, '${stack.database('small')}')`,
      );
    },
    storage: () => cut('cut', (Object.keys(CUTS) as Cut[])[Math.floor(random() * 3)] ?? 'reset'),
  };
  let read = 0;
  const listening = setInterval(() => {
    if (!existsSync(at('points/faults'))) return;
    const lines = readFileSync(at('points/faults'), 'utf8').split('\n').slice(read, -1);
    read += lines.length;
    for (const line of lines) {
      const { attempt, fault } = JSON.parse(line) as { attempt: number; fault?: Fault };
      tally.attempts++;
      if (attempt > 1) tally.again++;
      if (fault === undefined) continue;
      tally.faults[fault]++;
      // Temporal may be down already: killed by the fault before.
      void Promise.resolve(happen[fault]()).catch(() => undefined);
    }
  }, 20);

  void keepWorker().catch((error: unknown) => open && tally.failures.push(String(error)));
  await ready;
  rmSync(at('points/quiet'));
  return {
    stack,
    data: createData({ stack, live, spare }),
    random,
    async expectClean() {
      writeFileSync(at('points/quiet'), '');
      await waitFor('what is cut to be whole', () =>
        ['cut', 'cut-postgres', 'cut-redis', 'cut-temporal'].every((name) => !existsSync(at(name))),
      );
      await expectWhole(stack, [...STORES]);
      expect((await stack.steady.cli('backup', 'sweep')).code).toBe(0);
      for (const store of STORES) {
        const sealed = (await stack.stored.names(`manifests/${store}`)).map((name) =>
          name.replace('.json', ''),
        );
        expect(await stack.stored.names(`data/${store}`)).toEqual(sealed);
      }
      for await (const upload of stack.stored.port.unfinished('')) expect(upload).toBeUndefined();
    },
    async close() {
      open = false;
      clearInterval(listening);
      await stack.close();
      await Promise.all([databases, caches, temporal].map((proxy) => proxy.close()));
      await Promise.all([live.stop(), spare.stop()]);
      rmSync(stack.folder, { recursive: true, force: true });
    },
  };
}
