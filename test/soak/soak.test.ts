import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedSmall } from '../crash/rig/seeded-postgres.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { STORES, type Store } from './data.js';
import { createLane, KEPT, type Lane } from './lane.js';
import { createTally, PROCEDURES, tablesOf, type Procedure } from './tally.js';

const COUNT = Number(process.env['STEADY_SOAK'] ?? 1000);
const SEED = Number(process.env['STEADY_SOAK_SEED'] ?? Math.floor(Math.random() * 1e6));
const SHARE = 0.05;
/** Stacks at a time: they wait for heartbeats to run out, mostly. */
const LANES = Math.min(5, Math.ceil(COUNT / 25));
const SECONDS_EACH = 120;

let server: PostgresService;
let minio: MinioServer;
const lanes: Lane[] = [];
beforeAll(async () => {
  [server, minio] = await Promise.all([startPostgres(), startMinio()]);
  seedSmall(server);
});
afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
  await Promise.all([server?.stop(), minio?.close()]);
});

const tally = createTally();
let asked = 0;
let ended = 0;

/** Procedures one after another on one stack, until all lanes together have done as many as are wanted. */
async function soak(lane: Lane): Promise<void> {
  const { stack, data, random } = lane;
  /** Digests of what was live when a backup was taken. */
  const digests: Record<Store, Map<string, string>> = {
    small: new Map(),
    uploads: new Map(),
    cache: new Map(),
  };
  const well = async (...args: string[]) => {
    const { code, json, stderr } = await stack.steady.cli(...args);
    if (code !== 0)
      throw new Error(`steady ${args.join(' ')}: exit ${code} ${JSON.stringify(json.error)} ${stderr}`);
    return json;
  };
  // Not by a command each time: that a listing tells the same is looked at once, at the end.
  const sealed = async (store: Store): Promise<string[]> =>
    (await stack.stored.names(`manifests/${store}`)).map((name) => name.replace('.json', ''));
  const any = (store: Store): [string, string] => {
    const all = [...digests[store]];
    return all[Math.floor(random() * all.length)] ?? ['', ''];
  };
  const procedures: Record<Procedure, (store: Store) => Promise<void>> = {
    async backup(store) {
      await data[store].change();
      const digest = await data[store].digest();
      await well('backup', 'run', store);
      const fresh = (await sealed(store)).filter((id) => !digests[store].has(id));
      expect(fresh).toHaveLength(1);
      digests[store].set(fresh[0] ?? '', digest);
    },
    async verify(store) {
      await well('backup', 'verify', any(store)[0], '--store', store);
    },
    async 'restore --into'(store) {
      const [id, digest] = any(store);
      await well('restore', id, '--store', store, '--into', data[store].place);
      expect(await data[store].placed()).toBe(digest);
      await data[store].clear();
    },
    async prune() {
      await well('backup', 'prune');
      for (const store of STORES) {
        const kept = await sealed(store);
        expect([store, kept]).toEqual([store, [...digests[store].keys()].sort().slice(-KEPT)]);
        for (const id of digests[store].keys()) if (!kept.includes(id)) digests[store].delete(id);
      }
    },
  };
  for (let turn = 0; asked < COUNT; turn++) {
    asked++;
    const store = STORES[Math.floor(turn / PROCEDURES.length) % STORES.length] ?? 'small';
    const procedure = PROCEDURES[turn % PROCEDURES.length] ?? 'backup';
    const began = performance.now();
    try {
      await procedures[procedure](store);
      tally.ended[procedure]++;
      tally.seconds[procedure] += (performance.now() - began) / 1000;
    } catch (error) {
      const words = `${procedure} of ${store}: ${error instanceof Error ? error.message : String(error)}`;
      tally.failures.push(words);
      console.log(words);
    }
    if (++ended % 25 === 0) console.log(`${ended} of ${COUNT}; failures: ${tally.failures.length}`);
  }
}

it(
  `${COUNT} procedures in a row, with a fault in ${SHARE * 100} % of the attempts of their activities`,
  async () => {
    console.log(`STEADY_SOAK=${COUNT} STEADY_SOAK_SEED=${SEED}`);
    const began = performance.now();
    for (let number = 0; number < LANES; number++)
      lanes.push(await createLane({ server, minio, share: SHARE, seed: SEED + number, tally }));
    await Promise.all(lanes.map(soak));
    await Promise.all(lanes.map((lane) => lane.expectClean()));
    console.log(tablesOf(tally, (performance.now() - began) / 1000));
    expect(tally.failures).toEqual([]);
  },
  COUNT * SECONDS_EACH * 1000,
);
